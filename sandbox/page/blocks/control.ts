import type { ElementState } from "../../slack/client-api.ts";
import type { Element } from "./kit.ts";

/** What connects a control with the label and messages around it. */
export interface Labels {
  id?: string;
  "aria-label"?: string;
  "aria-invalid"?: boolean;
  "aria-describedby"?: string;
}

export interface ControlProps {
  element: Element;
  value: ElementState;
  onChange: (value: ElementState) => void;
  /** A text input tells the app on Enter. */
  onEnter?: (() => void) | undefined;
  labels: Labels;
}
