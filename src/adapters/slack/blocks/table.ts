import type { types } from "@slack/bolt";
import type { Block } from "../../../domain/view.ts";
import { limits } from "./limits.ts";
import type { SlackBlock } from "./part.ts";
import { cut, oneLine, plain, plainLine } from "./text.ts";

type Table = Pick<Extract<Block, { type: "table" }>, "columns" | "rows">;

/** What fits beside each other in a code block without wrapping, in a window of half a screen. */
const maxWidth = 72;
const gap = "  ";

/** Takes from the widest column until the line fits. */
function fitWidths(widths: readonly number[]): number[] {
  const fitted = [...widths];
  const room = Math.max(maxWidth - gap.length * (fitted.length - 1), fitted.length * 4);
  for (let over = fitted.reduce((sum, width) => sum + width, 0) - room; over > 0; over -= 1) {
    const widest = fitted.indexOf(Math.max(...fitted));
    fitted[widest]! -= 1;
  }
  return fitted;
}

/** Columns aligned by spaces, for where Slack's own table may not stand. */
export function tableLines({ columns, rows }: Table): string[] {
  const cells = [columns, ...rows].map((row) => columns.map((_, index) => oneLine(plain(row[index] ?? ""))));
  const widths = fitWidths(columns.map((_, index) => Math.max(...cells.map((row) => row[index]!.length))));
  const lines = cells.map((row) =>
    row
      .map((cell, index) => cut(cell, widths[index]!).padEnd(widths[index]!))
      .join(gap)
      .trimEnd(),
  );
  const [header = "", ...rest] = lines;
  return [header, widths.map((width) => "─".repeat(width)).join(gap), ...rest];
}

function heading(text: string): types.RichTextBlock {
  return {
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [{ type: "text", text: plainLine(text) || "–", style: { bold: true } }],
      },
    ],
  };
}

/** Slack's own table; its cells hold text that is neither parsed nor unescaped. */
export function tableBlock({ columns, rows }: Table): SlackBlock {
  const body = rows.slice(0, limits.table.rows - 1).map((row) =>
    columns.map((_, index): types.RawTextElement => ({
      type: "raw_text",
      text: cut(plainLine(plain(row[index] ?? "")) || "–", limits.table.cell),
    })),
  );
  return {
    type: "table",
    rows: [columns.map(heading), ...body],
    column_settings: columns.map(() => ({ align: "left", is_wrapped: true })),
  };
}
