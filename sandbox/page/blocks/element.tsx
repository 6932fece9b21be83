import type { ReactNode } from "react";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { Icon } from "../ui/icons.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import type { ControlProps, Labels } from "./control.ts";
import { Choices } from "./choices.tsx";
import type { Element } from "./kit.ts";
import { MultiSelect } from "./multi-select.tsx";
import { Select } from "./select.tsx";
import { useSurface } from "./surface.tsx";
import { TextInput } from "./text-input.tsx";

const controls: Record<string, (props: ControlProps) => ReactNode> = {
  static_select: Select,
  users_select: Select,
  channels_select: Select,
  conversations_select: Select,
  multi_static_select: MultiSelect,
  multi_users_select: MultiSelect,
  multi_channels_select: MultiSelect,
  multi_conversations_select: MultiSelect,
  checkboxes: Choices,
  radio_buttons: Choices,
  plain_text_input: TextInput,
  email_text_input: TextInput,
  url_text_input: TextInput,
  number_input: TextInput,
  datepicker: TextInput,
  timepicker: TextInput,
  datetimepicker: TextInput,
};

interface ElementControlProps {
  blockId: string;
  element: Element;
  /** Whether the app hears of each choice; inputs of a form mostly wait for the submit. */
  dispatches: boolean;
  labels?: Labels;
}

/** One interactive element of Block Kit. */
export function ElementControl({ blockId, element, dispatches, labels }: ElementControlProps) {
  const surface = useSurface();
  if (element.type === "button") return <Button blockId={blockId} element={element} />;
  if (element.type === "overflow") return <Overflow blockId={blockId} element={element} />;
  if (element.type === "image") {
    return <img className="accessory-image" src={element.image_url} alt={element.alt_text ?? ""} />;
  }

  const Control = controls[element.type];
  const value = surface.valueOf(blockId, element);
  if (!Control || !value) {
    return <p className="block-unknown">This page cannot show an element of type “{element.type}”.</p>;
  }
  const isTyped = Control === TextInput && !element.type.endsWith("picker");
  return (
    <Control
      element={element}
      value={value}
      labels={
        labels ?? {
          "aria-label": element.accessibility_label ?? element.placeholder?.text ?? element.action_id,
        }
      }
      onChange={(next) => {
        surface.setValue(blockId, element, next);
        if (dispatches && !isTyped) surface.run(blockId, element, next);
      }}
      onEnter={dispatches && isTyped ? () => surface.run(blockId, element, value) : undefined}
    />
  );
}

function Button({ blockId, element }: { blockId: string; element: Element }) {
  const surface = useSurface();
  const pending = surface.isPending(blockId, element);
  const label = withEmoji(element.text?.text ?? "");
  const className = `button button-${element.style ?? "plain"}`;
  const press = () => surface.run(blockId, element);
  if (element.url && /^https?:\/\//i.test(element.url)) {
    return (
      <a className={className} href={element.url} target="_blank" rel="noreferrer noopener" onClick={press}>
        {label}
      </a>
    );
  }
  return (
    <button
      type="button"
      className={className}
      aria-label={element.accessibility_label}
      aria-busy={pending}
      disabled={pending}
      onClick={press}
    >
      {label}
    </button>
  );
}

function Overflow({ blockId, element }: { blockId: string; element: Element }) {
  const surface = useSurface();
  return (
    <Menu
      label="More options"
      trigger={<Icon name="more" />}
      className="button button-plain button-icon"
      align="end"
    >
      {element.options?.map((option) => (
        <MenuItem
          key={option.value}
          onChoose={() => surface.run(blockId, element, { type: "overflow", selected_option: option })}
        >
          {withEmoji(option.text.text)}
        </MenuItem>
      ))}
    </Menu>
  );
}
