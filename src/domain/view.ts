/**
 * What crai says, as a small document that knows no surface: Slack renders it to Block Kit, the terminal to text.
 * All text is data: a renderer escapes it, so nothing from an alert or a cluster can mention, link or color.
 */
export type Inline =
  | string
  | { bold: string }
  | { code: string }
  | { link: string; text: string }
  | { person: string; name: string }
  /** A Slack user group: all its members are notified. */
  | { group: string; name: string }
  | { channel: string; name: string }
  | { time: Date; as: "clock" | "date" | "relative" };
export type Text = Inline | readonly Inline[];

/** A fact as people read it: label and value side by side. */
export interface LabeledText {
  label: string;
  value: Text;
}

export interface Field {
  name: string;
  label: string;
  input:
    | { type: "text"; multiline?: boolean }
    | { type: "select"; options: { label: string; value: string }[] };
  required: boolean;
}

/**
 * A press runs `command` exactly as if the person had typed it (without the leading `/crai`), so buttons pass through
 * the same parsing and the same `authorize`. A `form` asks first; its fields are appended as `--name value`.
 */
export interface Button {
  label: string;
  command: string;
  style?: "primary" | "danger";
  confirm?: { title: string; text: string; yes: string };
  form?: { title: string; submit: string; fields: Field[] };
}

export type Block =
  | { type: "heading"; text: string }
  | { type: "text"; text: Text }
  | { type: "facts"; facts: readonly LabeledText[] }
  | { type: "list"; items: readonly Text[]; ordered?: boolean }
  | { type: "code"; text: string; language: "diff" | "shell" | "text" }
  | { type: "note"; text: Text }
  | { type: "table"; columns: readonly string[]; rows: readonly (readonly Text[])[] }
  | { type: "divider" }
  | { type: "buttons"; buttons: readonly Button[] };

export interface View {
  /** One line for notifications, screen readers and logs. */
  summary: string;
  blocks: readonly Block[];
}

/** A file to hand over beside a view, e.g. the exported post-mortem. */
export interface Attachment {
  filename: string;
  title: string;
  /** What a picture shows, for whoever cannot see it. */
  alt?: string;
  content: string;
  /** How bytes that are no text are written in `content`. */
  encoding?: "base64";
}
