import { z } from "zod";
import { blockLimits as limits, tableLimits } from "./limits.ts";

/** Block Kit as zod schemas built from the table of limits. Strict: Slack refuses properties it does not know. */

function plain(max: number) {
  return z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
}

function mrkdwn(max: number) {
  return z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
}

function anyText(max: number) {
  return z.discriminatedUnion("type", [plain(max), mrkdwn(max)]);
}

const actionId = z.string().max(limits.action_id.max_length).optional();
const focus = { focus_on_load: z.boolean().optional() };

const confirm = z.strictObject({
  title: plain(limits.confirmation.title.max_length),
  text: anyText(limits.confirmation.text.max_length),
  confirm: plain(limits.confirmation.confirm.max_length),
  deny: plain(limits.confirmation.deny.max_length),
  style: z.enum(["primary", "danger"]).optional(),
});

const option = z.strictObject({
  text: anyText(limits.option.text.max_length),
  value: z.string().max(limits.option.value.max_length),
  description: anyText(limits.option.description.max_length).optional(),
  url: z.string().max(limits.option.url.max_length).optional(),
});

const optionGroup = z.strictObject({
  label: plain(limits.option_group.label.max_length),
  options: z
    .array(option)
    .min(limits.option_group.options.min_items)
    .max(limits.option_group.options.max_items),
});

function element<T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.strictObject({
    type: z.literal(type),
    action_id: actionId,
    confirm: confirm.optional(),
    ...shape,
  });
}

const placeholder = { placeholder: plain(limits.select.placeholder.max_length).optional() };
const maxSelected = { max_selected_items: z.number().int().min(1).optional() };
const choices = {
  options: z.array(option).min(1).max(limits.select.options.max_items).optional(),
  option_groups: z.array(optionGroup).min(1).max(limits.select.option_groups.max_items).optional(),
};
const conversationFilter = {
  default_to_current_conversation: z.boolean().optional(),
  filter: z.looseObject({}).optional(),
};
const responseUrl = { response_url_enabled: z.boolean().optional() };

const button = element("button", {
  text: plain(limits.button.text.max_length),
  url: z.string().max(limits.button.url.max_length).optional(),
  value: z.string().max(limits.button.value.max_length).optional(),
  style: z.enum(["primary", "danger"]).optional(),
  accessibility_label: z.string().max(limits.button.accessibility_label.max_length).optional(),
});

const overflow = element("overflow", {
  options: z.array(option).min(limits.overflow.options.min_items).max(limits.overflow.options.max_items),
});

const selects = [
  element("static_select", { ...choices, ...placeholder, ...focus, initial_option: option.optional() }),
  element("external_select", {
    ...placeholder,
    ...focus,
    min_query_length: z.number().int().optional(),
    initial_option: option.optional(),
  }),
  element("users_select", { ...placeholder, ...focus, initial_user: z.string().optional() }),
  element("channels_select", {
    ...placeholder,
    ...focus,
    ...responseUrl,
    initial_channel: z.string().optional(),
  }),
  element("conversations_select", {
    ...placeholder,
    ...focus,
    ...responseUrl,
    ...conversationFilter,
    initial_conversation: z.string().optional(),
  }),
] as const;

const multiSelects = [
  element("multi_static_select", {
    ...choices,
    ...placeholder,
    ...focus,
    ...maxSelected,
    initial_options: z.array(option).optional(),
  }),
  element("multi_users_select", {
    ...placeholder,
    ...focus,
    ...maxSelected,
    initial_users: z.array(z.string()).optional(),
  }),
  element("multi_channels_select", {
    ...placeholder,
    ...focus,
    ...maxSelected,
    initial_channels: z.array(z.string()).optional(),
  }),
  element("multi_conversations_select", {
    ...placeholder,
    ...focus,
    ...maxSelected,
    ...conversationFilter,
    initial_conversations: z.array(z.string()).optional(),
  }),
] as const;

const pickers = [
  element("datepicker", { ...placeholder, ...focus, initial_date: z.string().optional() }),
  element("timepicker", {
    ...placeholder,
    ...focus,
    initial_time: z.string().optional(),
    timezone: z.string().optional(),
  }),
  element("datetimepicker", { ...focus, initial_date_time: z.number().int().optional() }),
  element("checkboxes", {
    ...focus,
    options: z
      .array(option)
      .min(limits.checkboxes.options.min_items)
      .max(limits.checkboxes.options.max_items),
    initial_options: z.array(option).optional(),
  }),
  element("radio_buttons", {
    ...focus,
    options: z
      .array(option)
      .min(limits.radio_buttons.options.min_items)
      .max(limits.radio_buttons.options.max_items),
    initial_option: option.optional(),
  }),
] as const;

const dispatchConfig = { dispatch_action_config: z.looseObject({}).optional() };
const typed = { ...placeholder, ...focus, ...dispatchConfig, initial_value: z.string().optional() };

const inputs = [
  element("plain_text_input", {
    ...typed,
    multiline: z.boolean().optional(),
    min_length: z.number().int().min(0).max(limits.plain_text_input.max_length.max).optional(),
    max_length: z.number().int().min(1).max(limits.plain_text_input.max_length.max).optional(),
  }),
  element("email_text_input", typed),
  element("url_text_input", typed),
  element("number_input", {
    ...typed,
    is_decimal_allowed: z.boolean(),
    min_value: z.string().optional(),
    max_value: z.string().optional(),
  }),
  element("rich_text_input", { ...typed, initial_value: z.looseObject({}).optional() }),
] as const;

const imageElement = z.strictObject({
  type: z.literal("image"),
  image_url: z.string().max(limits.image.image_url.max_length).optional(),
  slack_file: z.looseObject({}).optional(),
  alt_text: z.string().max(limits.image.alt_text.max_length),
});

function blockOf<T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.strictObject({
    type: z.literal(type),
    block_id: z.string().max(limits.block_id.max_length).optional(),
    ...shape,
  });
}

/** Blocks that crai does not send: known by name, not looked into. */
const looseTypes = ["video", "file", "alert", "card", "carousel", "context_actions"] as const;
const looseBlocks = looseTypes.map((type) =>
  z.looseObject({ type: z.literal(type), block_id: z.string().max(limits.block_id.max_length).optional() }),
);

/** Known as far as crai sends it: its texts are not empty. */
const richTextElement = z.looseObject({ type: z.string(), text: z.string().min(1).optional() });
const richText = blockOf("rich_text", {
  elements: z.array(z.looseObject({ type: z.string(), elements: z.array(richTextElement).optional() })),
});

const table = blockOf("table", {
  rows: z
    .array(
      z
        .array(
          z.discriminatedUnion("type", [
            z.strictObject({ type: z.literal("raw_text"), text: z.string().min(1) }),
            richText,
          ]),
        )
        .max(tableLimits.columns.max_items),
    )
    .min(tableLimits.rows.min_items)
    .max(tableLimits.rows.max_items),
  column_settings: z
    .array(
      z.strictObject({
        align: z.enum(["left", "center", "right"]).optional(),
        is_wrapped: z.boolean().optional(),
      }),
    )
    .max(tableLimits.columns.max_items)
    .optional(),
});

const section = blockOf("section", {
  text: anyText(limits.section.text.max_length).optional(),
  fields: z
    .array(anyText(limits.section.fields.item_max_length))
    .min(1)
    .max(limits.section.fields.max_items)
    .optional(),
  accessory: z
    .discriminatedUnion("type", [imageElement, button, overflow, ...selects, ...multiSelects, ...pickers])
    .optional(),
  expand: z.boolean().optional(),
}).refine((block) => block.text !== undefined || block.fields !== undefined, {
  message: "missing required field: text",
});

export const blockSchema = z.discriminatedUnion("type", [
  section,
  blockOf("header", { text: plain(limits.header.text.max_length) }),
  blockOf("divider", {}),
  blockOf("markdown", {
    text: z.string().min(limits.markdown.text.min_length).max(limits.markdown.text.max_length),
  }),
  blockOf("image", {
    image_url: z.string().max(limits.image.image_url.max_length).optional(),
    slack_file: z.looseObject({}).optional(),
    alt_text: z.string().max(limits.image.alt_text.max_length),
    title: plain(limits.image.alt_text.max_length).optional(),
  }),
  blockOf("context", {
    elements: z
      .array(
        z.discriminatedUnion("type", [
          imageElement,
          plain(limits.text.max_length),
          mrkdwn(limits.text.max_length),
        ]),
      )
      .min(1)
      .max(limits.context.elements.max_items),
  }),
  blockOf("actions", {
    elements: z
      .array(z.discriminatedUnion("type", [button, overflow, ...selects, ...pickers]))
      .min(1)
      .max(limits.actions.elements.max_items),
  }),
  blockOf("input", {
    label: plain(limits.input.label.max_length),
    element: z.discriminatedUnion("type", [...inputs, ...selects, ...multiSelects, ...pickers]),
    hint: plain(limits.input.hint.max_length).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
  richText,
  table,
  ...looseBlocks,
]);

/** Tables stand in messages alone. */
const viewBlock = blockSchema.refine(({ type }) => type !== "table", { message: "unsupported type" });

const viewBase = {
  private_metadata: z.string().max(limits.view.private_metadata.max_length).optional(),
  callback_id: z.string().max(limits.view.callback_id.max_length).optional(),
  external_id: z.string().max(255).optional(),
  blocks: z.array(viewBlock).min(limits.view.blocks.min_items).max(limits.view.blocks.max_items),
};

export const modalSchema = z.strictObject({
  type: z.literal("modal"),
  title: plain(limits.view.title.max_length),
  submit: plain(limits.view.submit.max_length).nullish(),
  close: plain(limits.view.close.max_length).nullish(),
  clear_on_close: z.boolean().optional(),
  notify_on_close: z.boolean().optional(),
  submit_disabled: z.boolean().optional(),
  ...viewBase,
});

/** A Home tab; an empty one is allowed. */
export const homeSchema = z.strictObject({
  type: z.literal("home"),
  ...viewBase,
  blocks: z.array(viewBlock).max(limits.view.blocks.max_items),
});
