import { elementsOf } from "./check-blocks.ts";
import type { Block, ElementState, StateValues } from "./client-api.ts";

/** Element type → the key of its value in `state.values`, and of its initial value in the block. */
const valueKeys: Record<string, { state: keyof ElementState; initial: string; empty: null | [] }> = {
  plain_text_input: { state: "value", initial: "initial_value", empty: null },
  email_text_input: { state: "value", initial: "initial_value", empty: null },
  url_text_input: { state: "value", initial: "initial_value", empty: null },
  number_input: { state: "value", initial: "initial_value", empty: null },
  rich_text_input: { state: "rich_text_value", initial: "initial_value", empty: null },
  static_select: { state: "selected_option", initial: "initial_option", empty: null },
  external_select: { state: "selected_option", initial: "initial_option", empty: null },
  radio_buttons: { state: "selected_option", initial: "initial_option", empty: null },
  users_select: { state: "selected_user", initial: "initial_user", empty: null },
  channels_select: { state: "selected_channel", initial: "initial_channel", empty: null },
  conversations_select: { state: "selected_conversation", initial: "initial_conversation", empty: null },
  datepicker: { state: "selected_date", initial: "initial_date", empty: null },
  timepicker: { state: "selected_time", initial: "initial_time", empty: null },
  datetimepicker: { state: "selected_date_time", initial: "initial_date_time", empty: null },
  checkboxes: { state: "selected_options", initial: "initial_options", empty: [] },
  multi_static_select: { state: "selected_options", initial: "initial_options", empty: [] },
  multi_users_select: { state: "selected_users", initial: "initial_users", empty: [] },
  multi_channels_select: { state: "selected_channels", initial: "initial_channels", empty: [] },
  multi_conversations_select: {
    state: "selected_conversations",
    initial: "initial_conversations",
    empty: [],
  },
};

/** What `state.values` holds before anybody touched the blocks. */
export function initialState(blocks: readonly Block[]): { values: StateValues } {
  const values: StateValues = {};
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      const type = String(element["type"]);
      const keys = valueKeys[type];
      if (keys === undefined || block.block_id === undefined) continue;
      const initial = element[keys.initial] ?? keys.empty;
      values[block.block_id] ??= {};
      values[block.block_id]![String(element["action_id"])] = { type, [keys.state]: initial };
    }
  }
  return { values };
}

/** The given state over the initial one, so that untouched inputs are there too; unknown ids are dropped. */
export function mergedState(
  blocks: readonly Block[],
  given: StateValues | undefined,
): { values: StateValues } {
  const { values } = initialState(blocks);
  for (const [blockId, elements] of Object.entries(values)) {
    for (const actionId of Object.keys(elements)) {
      const set = given?.[blockId]?.[actionId];
      if (set !== undefined) elements[actionId] = set;
    }
  }
  return { values };
}

function isEmpty(set: ElementState | undefined): boolean {
  if (set === undefined) return true;
  const key = valueKeys[set.type]?.state ?? "value";
  const value = set[key];
  return (
    value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

/** What Slack's client says under inputs before the app hears of a submission: block_id → complaint. */
export function inputComplaints(blocks: readonly Block[], values: StateValues): Record<string, string> {
  const complaints: Record<string, string> = {};
  for (const block of blocks) {
    if (block.type !== "input" || block.block_id === undefined) continue;
    const element = elementsOf(block)[0] ?? {};
    const set = values[block.block_id]?.[String(element["action_id"])];
    const complaint = isEmpty(set)
      ? block["optional"] === true
        ? undefined
        : "Please complete this required field."
      : lengthComplaint(element, set?.value ?? "");
    if (complaint !== undefined) complaints[block.block_id] = complaint;
  }
  return complaints;
}

function lengthComplaint(element: Record<string, unknown>, value: string): string | undefined {
  if (element["type"] !== "plain_text_input") return undefined;
  const min = Number(element["min_length"] ?? 0);
  const max = Number(element["max_length"] ?? 3000);
  if (value.length < min) return `Please enter at least ${min} characters.`;
  if (value.length > max) return `Please enter at most ${max} characters.`;
  return undefined;
}
