import type { types } from "@slack/bolt";
import type { Block, Button, LabeledText } from "../../../domain/view.ts";
import { buttonRef } from "./button-ref.ts";
import { limits } from "./limits.ts";
import type { Part, SlackBlock } from "./part.ts";
import { tableBlock, tableLines } from "./table.ts";
import { codeText, cut, mrkdwn, oneLine, plain, plainLine, split } from "./text.ts";

export interface RenderContext {
  /** The message these blocks stand in, which its buttons name. */
  outboxId: number;
  /** The slash command, for what is told where something is cut. */
  command: string;
  /** The one table of this view that may be Slack's own. */
  table?: Block | undefined;
}

function markdown(text: string): types.MrkdwnElement {
  return { type: "mrkdwn", text, verbatim: true };
}

/** Never emoji: `:word:` in a name stays what it is. */
function plainText(text: string, max: number): types.PlainTextElement {
  return { type: "plain_text", text: cut(text, max), emoji: false };
}

function section(text: string): SlackBlock {
  return { type: "section", text: markdown(text), expand: true };
}

function contextBlock(text: string): SlackBlock[] {
  return text.trim() === "" ? [] : [{ type: "context", elements: [markdown(cut(text, limits.context))] }];
}

function cutNotice(hidden: number, noun: string, { command }: RenderContext): SlackBlock[] {
  if (hidden <= 0) return [];
  return contextBlock(`… ${hidden} more ${noun}${hidden === 1 ? "" : "s"} · \`${command} export\` has all`);
}

/** Joins pieces to as few texts of at most `max` characters as possible; blank ones are left out. */
function packed(pieces: readonly string[], max: number): string[] {
  const texts: string[] = [];
  let text = "";
  for (const piece of pieces) {
    if (text !== "" && text.length + piece.length > max) {
      texts.push(text);
      text = "";
    }
    text += piece;
  }
  return [...texts, text].map((one) => one.replaceAll(/^\n+|\s+$/g, "")).filter((one) => one.trim() !== "");
}

/** Lines as one or more sections; `wrap` puts fences around each. */
function linesPart(
  pieces: readonly string[],
  context: RenderContext,
  wrap: (text: string) => string = (text) => text,
): Part {
  const max = limits.section - 10;
  return {
    rank: 1,
    items: pieces.length,
    render: (count) => [
      ...packed(pieces.slice(0, count), max).map((text) => section(wrap(text))),
      ...cutNotice(pieces.length - count, "line", context),
    ],
  };
}

function fence(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``;
}

const pieceLength = limits.section - 100;

function codePart(text: string, context: RenderContext): Part {
  return linesPart(split(codeText(text), pieceLength), context, fence);
}

/** Items that begin with a mark of their own (✓ done) need no bullet. */
const ownMark = /^[✓✗■–·→?●○◐🔴🟠🟡🟢🔵⚪⚫]\s/u;

function listItem(text: string, bullet: string): string {
  const lead = ownMark.test(text) ? "" : `${bullet} `;
  return `${lead}${text.trim().replaceAll("\n", "\n     ")}\n`;
}

/** Two columns read well only for short values. */
function isShort({ label, value }: LabeledText): boolean {
  const text = plain(value);
  return text.length <= 60 && !text.includes("\n") && label.length <= 60;
}

function field({ label, value }: LabeledText): string {
  return cut(`*${mrkdwn(oneLine(label)).replaceAll("*", "∗")}*\n${mrkdwn(value)}`, limits.fields.length);
}

function factsPart(facts: readonly LabeledText[], context: RenderContext): Part {
  const shown = facts.filter(({ label }) => oneLine(label) !== "");
  if (!shown.every(isShort)) {
    const lines = shown.map(({ label, value }) => `${mrkdwn({ bold: label })}  ${mrkdwn(value)}\n`);
    return linesPart(
      lines.flatMap((line) => split(line, pieceLength)),
      context,
    );
  }
  return {
    rank: 1,
    items: shown.length,
    render(count) {
      const fields = shown.slice(0, count).map((fact) => markdown(field(fact)));
      const rows: SlackBlock[] = [];
      for (let start = 0; start < fields.length; start += limits.fields.count)
        rows.push({ type: "section", fields: fields.slice(start, start + limits.fields.count) });
      return [...rows, ...cutNotice(shown.length - count, "fact", context)];
    },
  };
}

function buttonElement(button: Button, index: number, outboxId: number): types.Button {
  const { confirm, style } = button;
  return {
    type: "button",
    action_id: `crai:${index}`,
    text: plainText(plainLine(button.label) || "…", limits.button.text),
    value: buttonRef(outboxId, button),
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined
      ? {}
      : {
          confirm: {
            title: plainText(plainLine(confirm.title) || "Sure?", limits.confirm.title),
            text: plainText(plainLine(confirm.text) || "Sure?", limits.confirm.text),
            confirm: plainText(plainLine(confirm.yes) || "Yes", limits.confirm.yes),
            deny: plainText("Cancel", limits.confirm.yes),
            ...(style === undefined ? {} : { style }),
          },
        }),
  };
}

function buttonsPart(buttons: readonly Button[], { outboxId }: RenderContext): Part {
  const elements = buttons.map((button, index) => buttonElement(button, index, outboxId));
  return {
    rank: 0,
    items: elements.length,
    render(count) {
      const rows: SlackBlock[] = [];
      const shown = elements.slice(0, count);
      for (let start = 0; start < shown.length; start += limits.actions)
        rows.push({ type: "actions", elements: shown.slice(start, start + limits.actions) });
      return rows;
    },
  };
}

function tablePart(table: Extract<Block, { type: "table" }>, context: RenderContext): Part {
  const { columns, rows } = table;
  if (columns.length === 0) return wholePart([]);
  return {
    rank: 1,
    items: rows.length,
    render(count) {
      const shown = { columns, rows: rows.slice(0, count) };
      const blocks =
        table === context.table
          ? [tableBlock(shown)]
          : codePart(tableLines(shown).join("\n"), context).render(Number.POSITIVE_INFINITY);
      return [...blocks, ...cutNotice(rows.length - count, "row", context)];
    },
  };
}

function wholePart(block: SlackBlock[]): Part {
  return { rank: 1, items: 1, render: (count) => (count === 0 ? [] : block) };
}

/** What one block of a view becomes, as far as there is room for it. */
export function partOf(block: Block, context: RenderContext): Part {
  switch (block.type) {
    case "heading": {
      const text = plainLine(block.text);
      return wholePart(text === "" ? [] : [{ type: "header", text: plainText(text, limits.header) }]);
    }
    case "text":
      return linesPart(split(mrkdwn(block.text), pieceLength), context);
    case "facts":
      return factsPart(block.facts, context);
    case "list": {
      const items = block.items.map((item, index) =>
        listItem(mrkdwn(item), block.ordered === true ? `${index + 1}.` : "•"),
      );
      return linesPart(
        items.flatMap((item) => split(item, pieceLength)),
        context,
      );
    }
    case "code":
      return codePart(block.text, context);
    case "note":
      return wholePart(contextBlock(mrkdwn(block.text)));
    case "table":
      return tablePart(block, context);
    case "divider":
      return wholePart([{ type: "divider" }]);
    case "buttons":
      return buttonsPart(block.buttons, context);
  }
}
