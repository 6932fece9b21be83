import type { types } from "@slack/bolt";
import { cleanText } from "../../../domain/clean-text.ts";
import type { Button, Field } from "../../../domain/view.ts";
import { quoteWord } from "../../../engine/commands/quote-word.ts";
import { limits } from "./limits.ts";
import { cut, plainLine } from "./text.ts";

type Form = NonNullable<Button["form"]>;

/** What a modal carries back: which button opened it, and where to answer. */
export interface FormOrigin {
  /** Names the button (button-ref.ts). */
  ref: string;
  thread: string | null;
  responseUrl: string | null;
}

export const formCallback = "crai:form";

/** Where a field stands in a submission; by position, because a name may hold anything. */
function fieldBlock(index: number): string {
  return `field:${index}`;
}
const fieldAction = "value";

function plainText(text: string, max: number, otherwise: string): types.PlainTextElement {
  return { type: "plain_text", text: cut(plainLine(text) || otherwise, max), emoji: false };
}

/** Options are told apart by position too: an option's value has only 150 characters. */
function inputElement({ input }: Field): types.PlainTextInput | types.StaticSelect {
  if (input.type === "text")
    return {
      type: "plain_text_input",
      action_id: fieldAction,
      multiline: input.multiline ?? false,
      max_length: limits.input.text,
    };
  return {
    type: "static_select",
    action_id: fieldAction,
    options: input.options.slice(0, limits.option.count).map(({ label, value }, index) => ({
      text: plainText(label, limits.option.text, value || "…"),
      value: String(index),
    })),
  };
}

export function renderForm(form: Form, origin: FormOrigin): types.ModalView {
  return {
    type: "modal",
    callback_id: formCallback,
    private_metadata: JSON.stringify(origin),
    title: plainText(form.title, limits.modal.title, "crai"),
    submit: plainText(form.submit, limits.modal.submit, "Submit"),
    close: plainText("Cancel", limits.modal.submit, "Cancel"),
    blocks: form.fields.map((field, index) => ({
      type: "input",
      block_id: fieldBlock(index),
      optional: !field.required,
      label: plainText(field.label, limits.input.label, field.name),
      element: inputElement(field),
    })),
  };
}

/** What Slack says is in one input. */
export interface SubmittedField {
  value?: string | null | undefined;
  selected_option?: { value: string } | null | undefined;
}

export type Submission = { errors: Record<string, string> } | { command: string };

function valueOf(field: Field, given: SubmittedField | undefined): string {
  if (field.input.type === "text") return cleanText(given?.value ?? "").trim();
  const index = Number(given?.selected_option?.value ?? Number.NaN);
  return field.input.options[index]?.value ?? "";
}

/** The command a submitted form stands for, or what is missing, by block. Only the stored form says what fields there are. */
export function submittedCommand(
  button: Button,
  state: Readonly<Record<string, Readonly<Record<string, SubmittedField>>>>,
): Submission {
  const values = (button.form?.fields ?? []).map((field, index) => ({
    field,
    block: fieldBlock(index),
    value: valueOf(field, state[fieldBlock(index)]?.[fieldAction]),
  }));
  const missing = values.filter(({ field, value }) => field.required && value === "");
  if (missing.length > 0)
    return {
      errors: Object.fromEntries(missing.map(({ field, block }) => [block, `${field.label} is needed.`])),
    };
  const flags = values
    .filter(({ value }) => value !== "")
    .map(({ field, value }) => ` --${field.name}=${quoteWord(value)}`);
  return { command: button.command + flags.join("") };
}
