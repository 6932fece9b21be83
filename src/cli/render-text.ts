import { parseISO } from "date-fns/parseISO";
import { styleText } from "node:util";
import { cleanLine, cleanText } from "../domain/clean-text.ts";
import type { Block, Button, Inline, Text, View } from "../domain/view.ts";

export interface TextStyle {
  /** Characters in a line. */
  width: number;
  /** Only for a terminal; text of others never brings colors of its own. */
  colors: boolean;
}

type Look = Parameters<typeof styleText>[0];

function paint({ colors }: TextStyle, look: Look, text: string): string {
  return colors ? styleText(look, text, { validateStream: false }) : text;
}

/** A time of a stored view has been through JSON. */
function utc(time: Date | string, as: "clock" | "date" | "relative"): string {
  const iso = (typeof time === "string" ? parseISO(time) : time).toISOString();
  return as === "clock" ? `${iso.slice(11, 19)} UTC` : `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

function inlineText(inline: Inline): string {
  if (typeof inline === "string") return cleanText(inline);
  if ("bold" in inline) return cleanLine(inline.bold);
  if ("code" in inline) return cleanLine(inline.code);
  if ("link" in inline) {
    const [text, url] = [cleanLine(inline.text), cleanLine(inline.link)];
    return text === url || text === "" ? url : `${text} (${url})`;
  }
  if ("person" in inline || "group" in inline) return cleanLine(inline.name);
  if ("channel" in inline) return `#${cleanLine(inline.name)}`;
  return utc(inline.time, inline.as);
}

function plain(text: Text): string {
  const parts = Array.isArray(text) ? (text as readonly Inline[]) : [text as Inline];
  // Inside a sentence a command needs its marks; alone or in front it does not.
  return parts
    .map((part, index) =>
      index > 0 && typeof part === "object" && "code" in part ? `\`${inlineText(part)}\`` : inlineText(part),
    )
    .join("");
}

/** Broken at spaces; a word that is longer than a line stays whole, so that it can be copied. */
function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let current = "";
    for (const word of line.split(" ")) {
      const joined = current === "" ? word : `${current} ${word}`;
      if (current !== "" && joined.length > width) {
        lines.push(current);
        current = word;
      } else current = joined;
    }
    return [...lines, current];
  });
}

/** The first line after `first`, the others below its text. */
function hang(first: string, text: string, width: number): string {
  const lines = wrap(text, Math.max(20, width - first.length));
  return lines.map((line, index) => `${index === 0 ? first : " ".repeat(first.length)}${line}`).join("\n");
}

function longestWord(cell: string): number {
  return Math.max(...cell.split(" ").map((word) => word.length));
}

/** Columns as wide as their content; the widest that can be broken gives way until the table fits. */
function columnWidths(rows: readonly (readonly string[])[], width: number): number[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => (row[index] ?? "").length)),
  );
  const least = widths.map((_, index) => Math.max(...rows.map((row) => longestWord(row[index] ?? ""))));
  const gaps = 2 * Math.max(0, columns - 1);
  while (widths.reduce((sum, one) => sum + one, gaps) > width) {
    const room = widths.map((one, index) => (one > least[index]! ? one : 0));
    const widest = room.indexOf(Math.max(...room));
    if (widest === -1 || room[widest] === 0) break;
    widths[widest]! -= 1;
  }
  return widths;
}

function table({ columns, rows }: Block & { type: "table" }, style: TextStyle): string {
  const cells = rows.map((row) => row.map((cell) => plain(cell).replaceAll(/\s+/g, " ").trim()));
  const widths = columnWidths([columns, ...cells], style.width);
  function lines(row: readonly string[]): string[] {
    const wrapped = row.map((cell, index) => wrap(cell, widths[index]!));
    const height = Math.max(...wrapped.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) =>
      wrapped
        .map((cell, index) => (cell[at] ?? "").padEnd(widths[index]!))
        .join("  ")
        .trimEnd(),
    );
  }
  const head = lines(columns).map((line) => paint(style, "dim", line));
  return [...head, ...cells.flatMap(lines)].join("\n");
}

function facts(block: Block & { type: "facts" }, { width }: TextStyle): string {
  const labels = block.facts.map(({ label }) => cleanLine(label));
  const column = Math.max(...labels.map((label) => label.length), 0) + 2;
  return block.facts
    .map(({ value }, index) => hang(labels[index]!.padEnd(column), plain(value), width))
    .join("\n");
}

function code({ text, language }: Block & { type: "code" }, style: TextStyle): string {
  const looks: Record<string, Look> = { "+": "green", "-": "red", "@": "cyan" };
  return cleanText(text)
    .split("\n")
    .map((line) => {
      const look = language === "diff" ? looks[line[0] ?? ""] : undefined;
      return `    ${look === undefined ? line : paint(style, look, line)}`;
    })
    .join("\n");
}

function button({ label, command, form }: Button, style: TextStyle): string {
  const fields = (form?.fields ?? []).map(({ name }) => ` --${name} "…"`).join("");
  const line = `crai ${cleanLine(command)}${fields}`;
  return `Next: ${paint(style, "bold", line)}  (${cleanLine(label)})`;
}

function block(part: Block, style: TextStyle): string {
  switch (part.type) {
    case "heading":
      return paint(style, "bold", wrap(cleanLine(part.text), style.width).join("\n"));
    case "text":
      return wrap(plain(part.text), style.width).join("\n");
    case "note":
      return paint(style, "dim", wrap(plain(part.text), style.width).join("\n"));
    case "facts":
      return facts(part, style);
    case "list":
      return part.items
        .map((item, index) => hang(part.ordered === true ? `${index + 1}. ` : "- ", plain(item), style.width))
        .join("\n");
    case "code":
      return code(part, style);
    case "table":
      return table(part, style);
    case "divider":
      return "-".repeat(Math.min(40, style.width));
    case "buttons":
      return part.buttons.map((one) => button(one, style)).join("\n");
  }
}

/** One line of progress, however long; what it begins with in blanks, all its lines do. */
export function renderLine(text: string, { width }: TextStyle): string {
  const indent = /^ */.exec(text)?.[0] ?? "";
  return hang(indent, cleanLine(text), width);
}

/** A view for a terminal: plain lines, what a button would do as the command to type. */
export function renderText({ blocks }: View, style: TextStyle): string {
  const shown = blocks
    .map((part) => ({ type: part.type, text: block(part, style) }))
    .filter(({ text }) => text !== "");
  return shown
    .map(({ type, text }, index) => {
      const before = shown[index - 1];
      const together = before?.type === "text" && (type === "text" || type === "list");
      const gap = before === undefined ? "" : together ? "\n" : "\n\n";
      return `${gap}${text}`;
    })
    .join("");
}
