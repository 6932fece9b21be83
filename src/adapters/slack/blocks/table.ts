import type { Block } from "../../../domain/view.ts";
import { cut, oneLine, plain } from "./text.ts";

type Table = Extract<Block, { type: "table" }>;

/** What fits beside each other in a code block of Slack's desktop client without wrapping. */
const maxWidth = 96;
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

/** Columns aligned by spaces: Slack's own table block stands in no modal and no Home tab, and only once in a message. */
export function tableLines({ columns, rows }: Pick<Table, "columns" | "rows">): string[] {
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
