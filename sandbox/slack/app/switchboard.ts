import type { State } from "../state.ts";
import type { AppLink, Timings } from "./link.ts";

/** What it takes to put a person's act before the app. */
export interface Switchboard {
  state: State;
  timings: Timings;
  /** Socket Mode or signed HTTP, as configured now. */
  link(): AppLink;
  /** "http://host:port/slack": the workspace as the app reaches it. */
  origin(): string;
  /** "http://host:port/": where people see the workspace, in place of https://credit-risk.slack.com/. */
  webUrl(): string;
}
