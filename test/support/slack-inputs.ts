import { option } from "../../sandbox/slack/client-api.ts";
import type { ElementState, Option } from "../../sandbox/slack/client-api.ts";
import { optionsOf } from "./slack-text.ts";

/** Text, an option's text or value, an id, a date; a list where several may be chosen; null for nothing. */
export type Filled = string | readonly string[] | null;

function findOption(element: Record<string, unknown>, wanted: string): Option {
  const options = optionsOf(element).map((one) => option.parse(one));
  const found = options.find((one) => one.text.text === wanted || one.value === wanted);
  if (found === undefined) {
    throw new Error(`No option "${wanted}", only ${options.map((one) => one.text.text).join(", ")}`);
  }
  return found;
}

function isMany(type: string): boolean {
  return type.startsWith("multi_") || type === "checkboxes";
}

/** Element type (without "multi_") → the key of its one value. */
const keys: Record<string, keyof ElementState> = {
  users_select: "selected_user",
  channels_select: "selected_channel",
  conversations_select: "selected_conversation",
  datepicker: "selected_date",
  timepicker: "selected_time",
};

/** What `state.values` holds for an element after a person set it so. */
export function stateFor(element: Record<string, unknown>, filled: Filled): ElementState {
  const type = String(element["type"]);
  const stem = type.replace("multi_", "");
  const hasOptions = ["static_select", "external_select", "radio_buttons", "checkboxes", "overflow"].includes(
    stem,
  );
  if (isMany(type)) {
    const list = typeof filled === "string" ? [filled] : (filled ?? []);
    if (hasOptions) return { type, selected_options: list.map((one) => findOption(element, one)) };
    return { type, [`${keys[stem] ?? "value"}s`]: [...list] };
  }
  if (filled !== null && typeof filled !== "string") throw new Error(`Only one value fits a ${type}`);
  if (hasOptions) return { type, selected_option: filled === null ? null : findOption(element, filled) };
  if (stem === "datetimepicker") return { type, selected_date_time: filled === null ? null : Number(filled) };
  return { type, [keys[stem] ?? "value"]: filled };
}
