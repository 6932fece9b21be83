import * as fc from "fast-check";
import type { Block, Button, Inline, Text, View } from "../../../src/domain/view.ts";

/** Text as an alert or a cluster might carry it, with everything in it that could do harm in Slack. */
const hostile = fc.constantFrom(
  "<!channel>",
  "<!here|here>",
  "<!everyone>",
  "@channel",
  "<https://evil.example|https://bank.example>",
  "https://evil.example/?a=b&c=d",
  "\u001b[31mred\u001b[0m",
  "\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007",
  "\u202Egnp.exe",
  "``` \n*bold* _it_ ~no~ `code`",
  "````````",
  "&amp;&lt;",
  "<@U0ALEX>",
  "\ud800",
  "\u0000",
  "a".repeat(4000),
  "<".repeat(3100),
  "&".repeat(3100),
  "line\n".repeat(900),
  "漢字".repeat(2000),
  "",
  " ",
);

const text: fc.Arbitrary<string> = fc.oneof(
  hostile,
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "grapheme", maxLength: 80 }),
  fc.tuple(fc.string(), hostile, fc.string()).map((parts) => parts.join("")),
);

const date = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });

const inline: fc.Arbitrary<Inline> = fc.oneof(
  text,
  fc.record({ bold: text }),
  fc.record({ code: text }),
  fc.record({ link: fc.oneof(text, fc.webUrl({ withQueryParameters: true })), text }),
  fc.record({ person: fc.oneof(text, fc.constant("U0ALEX")), name: text }),
  fc.record({ channel: fc.oneof(text, fc.constant("C0API")), name: text }),
  fc.record({ time: date, as: fc.constantFrom("clock", "date", "relative") }),
);

const anyText: fc.Arbitrary<Text> = fc.oneof(inline, fc.array(inline, { maxLength: 6 }));

const button: fc.Arbitrary<Button> = fc.record(
  {
    label: text,
    command: text,
    style: fc.constantFrom("primary" as const, "danger" as const),
    confirm: fc.record({ title: text, text, yes: text }),
    form: fc.record({
      title: text,
      submit: text,
      fields: fc.array(
        fc.record({
          name: fc.stringMatching(/^[a-z][a-z-]{0,10}$/),
          label: text,
          input: fc.oneof(
            fc.record({ type: fc.constant("text" as const), multiline: fc.boolean() }),
            fc.record({
              type: fc.constant("select" as const),
              options: fc.array(fc.record({ label: text, value: text }), { minLength: 1, maxLength: 120 }),
            }),
          ),
          required: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  { requiredKeys: ["label", "command"] },
);

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("heading" as const), text }),
  fc.record({ type: fc.constant("text" as const), text: anyText }),
  fc.record({
    type: fc.constant("facts" as const),
    facts: fc.array(fc.record({ label: text, value: anyText }), { maxLength: 25 }),
  }),
  fc.record({
    type: fc.constant("list" as const),
    items: fc.array(anyText, { maxLength: 30 }),
    ordered: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("code" as const),
    text,
    language: fc.constantFrom("diff" as const, "shell" as const, "text" as const),
  }),
  fc.record({ type: fc.constant("note" as const), text: anyText }),
  fc.record({
    type: fc.constant("table" as const),
    columns: fc.array(text, { maxLength: 6 }),
    rows: fc.array(fc.array(anyText, { maxLength: 6 }), { maxLength: 40 }),
  }),
  fc.record({ type: fc.constant("divider" as const) }),
  fc.record({ type: fc.constant("buttons" as const), buttons: fc.array(button, { maxLength: 30 }) }),
);

export const anyButtonWithForm = button.filter((one) => one.form !== undefined);

export const anyView: fc.Arbitrary<View> = fc.record({
  summary: text,
  blocks: fc.array(block, { maxLength: 70 }),
});
