import type { ElementState, Option } from "../../slack/client-api.ts";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { useWho, useSelected } from "../slack/workspace-context.tsx";
import type { Element } from "./kit.ts";

export interface Choice {
  id: string;
  label: string;
}

export interface ChoiceGroup {
  label: string | null;
  choices: Choice[];
}

/** What a select offers: its own options, or the workspace's people or channels. */
export function useChoices(element: Element): ChoiceGroup[] {
  const { users } = useWho();
  const channels = useSelected((state) => state.channels);
  if (element.type.includes("users")) {
    return [{ label: null, choices: users.map((user) => ({ id: user.id, label: user.real_name })) }];
  }
  if (element.type.includes("channels") || element.type.includes("conversations")) {
    const open = channels.filter((channel) => !channel.is_archived && !channel.is_im);
    return [{ label: null, choices: open.map((channel) => ({ id: channel.id, label: `#${channel.name}` })) }];
  }
  if (element.option_groups) {
    return element.option_groups.map((group) => ({
      label: withEmoji(group.label.text),
      choices: group.options.map(choiceOf),
    }));
  }
  return [{ label: null, choices: (element.options ?? []).map(choiceOf) }];
}

function choiceOf(option: Option): Choice {
  return { id: option.value, label: withEmoji(option.text.text) };
}

export function optionsOf(element: Element): Option[] {
  return element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];
}

/** The key under which a select of people or channels keeps what is chosen; null: it keeps whole options. */
function keyOf(element: Element): "user" | "channel" | "conversation" | null {
  if (element.type.includes("users")) return "user";
  if (element.type.includes("channels")) return "channel";
  return element.type.includes("conversations") ? "conversation" : null;
}

export function chosenIds(element: Element, value: ElementState): string[] {
  const key = keyOf(element);
  const many = element.type.startsWith("multi_") || element.type === "checkboxes";
  if (many)
    return key
      ? (value[`selected_${key}s`] ?? [])
      : (value.selected_options ?? []).map((option) => option.value);
  const one = key ? value[`selected_${key}`] : value.selected_option?.value;
  return one ? [one] : [];
}

export function stateOfIds(element: Element, ids: string[]): ElementState {
  const key = keyOf(element);
  const { type } = element;
  const many = type.startsWith("multi_") || type === "checkboxes";
  if (key) return many ? { type, [`selected_${key}s`]: ids } : { type, [`selected_${key}`]: ids[0] ?? null };
  const options = optionsOf(element).filter((option) => ids.includes(option.value));
  return many ? { type, selected_options: options } : { type, selected_option: options[0] ?? null };
}
