import type { Block, ElementState, Option } from "../../slack/client-api.ts";

/** The parts of Block Kit that the page draws itself; the workspace has checked their shape. */

export interface TextObject {
  type: string;
  text: string;
}

export interface Confirm {
  title: TextObject;
  text: TextObject;
  confirm: TextObject;
  deny: TextObject;
  style?: "primary" | "danger";
}

export interface Element {
  type: string;
  action_id: string;
  text?: TextObject;
  url?: string;
  value?: string;
  style?: "primary" | "danger";
  accessibility_label?: string;
  placeholder?: TextObject;
  confirm?: Confirm;
  options?: Option[];
  option_groups?: { label: TextObject; options: Option[] }[];
  initial_option?: Option;
  initial_options?: Option[];
  initial_value?: string;
  initial_user?: string;
  initial_users?: string[];
  initial_channel?: string;
  initial_channels?: string[];
  initial_conversation?: string;
  initial_conversations?: string[];
  initial_date?: string;
  initial_time?: string;
  initial_date_time?: number;
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
  min_value?: string;
  max_value?: string;
  is_decimal_allowed?: boolean;
  max_selected_items?: number;
  focus_on_load?: boolean;
  image_url?: string;
  alt_text?: string;
}

export interface SectionBlock extends Block {
  text?: TextObject;
  fields?: TextObject[];
  accessory?: Element;
}

export interface ActionsBlock extends Block {
  elements: Element[];
}

export interface InputBlock extends Block {
  label: TextObject;
  element: Element;
  hint?: TextObject;
  optional?: boolean;
  dispatch_action?: boolean;
}

type Initial = (element: Element) => Omit<ElementState, "type">;

/** What an element that keeps a value starts with. An element that is not here keeps none (a button, an overflow). */
const initial: Record<string, Initial> = {
  static_select: (element) => ({ selected_option: element.initial_option ?? null }),
  radio_buttons: (element) => ({ selected_option: element.initial_option ?? null }),
  multi_static_select: (element) => ({ selected_options: element.initial_options ?? [] }),
  checkboxes: (element) => ({ selected_options: element.initial_options ?? [] }),
  users_select: (element) => ({ selected_user: element.initial_user ?? null }),
  multi_users_select: (element) => ({ selected_users: element.initial_users ?? [] }),
  channels_select: (element) => ({ selected_channel: element.initial_channel ?? null }),
  multi_channels_select: (element) => ({ selected_channels: element.initial_channels ?? [] }),
  conversations_select: (element) => ({ selected_conversation: element.initial_conversation ?? null }),
  multi_conversations_select: (element) => ({ selected_conversations: element.initial_conversations ?? [] }),
  datepicker: (element) => ({ selected_date: element.initial_date ?? null }),
  timepicker: (element) => ({ selected_time: element.initial_time ?? null }),
  datetimepicker: (element) => ({ selected_date_time: element.initial_date_time ?? null }),
  plain_text_input: (element) => ({ value: element.initial_value ?? null }),
  email_text_input: (element) => ({ value: element.initial_value ?? null }),
  url_text_input: (element) => ({ value: element.initial_value ?? null }),
  number_input: (element) => ({ value: element.initial_value ?? null }),
};

export function initialState(element: Element): ElementState | undefined {
  const values = initial[element.type]?.(element);
  return values && { type: element.type, ...values };
}

/** Whether nothing is set: what an input that is not optional may not be. */
export function isEmpty(state: ElementState | undefined): boolean {
  if (!state) return true;
  return Object.entries(state).every(
    ([key, value]) =>
      key === "type" ||
      value === null ||
      value === undefined ||
      value === "" ||
      (Array.isArray(value) && !value.length),
  );
}

/** The elements of a block, wherever the block's type keeps them. */
export function elementsOf(block: Block): Element[] {
  if (block.type === "input") return [(block as InputBlock).element];
  if (block.type === "actions") return (block as ActionsBlock).elements;
  const accessory = block.type === "section" ? (block as SectionBlock).accessory : undefined;
  return accessory ? [accessory] : [];
}
