import type { Block, Text, View } from "../domain/view.ts";

/** An answer with a heading; the heading is its one-line summary. */
export function page(heading: string, ...blocks: (Block | null)[]): View {
  return {
    summary: heading,
    blocks: [{ type: "heading", text: heading }, ...blocks.filter((block) => block !== null)],
  };
}

/** One line in words. */
export function line(text: string): View {
  return { summary: text, blocks: [{ type: "text", text }] };
}

export function table(columns: string[], rows: Text[][]): Block {
  return { type: "table", columns, rows };
}
