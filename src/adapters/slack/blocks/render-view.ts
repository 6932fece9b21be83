import type { Block, View } from "../../../domain/view.ts";
import { limits } from "./limits.ts";
import { fitAll, type SlackBlock } from "./part.ts";
import { partOf, type RenderContext } from "./render-block.ts";
import { messageText, oneLine, plain } from "./text.ts";

export interface Rendered {
  /** For notifications, and shown where a client shows no blocks. */
  text: string;
  blocks: SlackBlock[];
}

/** A view as Slack shows it, within Slack's limits: what does not fit is cut and said, buttons last of all. */
export function renderView(
  view: View,
  context: RenderContext,
  surface: "message" | "home" = "message",
): Rendered {
  const { json, blocks: most } = limits[surface];
  const table = surface === "message" ? view.blocks.find(isNativeTable) : undefined;
  const blocks = fitAll(
    view.blocks.map((block) => partOf(block, { ...context, table })),
    json,
  );
  return {
    text: messageText(oneLine(view.summary) || "crai", limits.message.textBytes),
    blocks: blocks.length <= most ? blocks : withoutLast(blocks, blocks.length - most),
  };
}

function isNativeTable(block: Block): boolean {
  return (
    block.type === "table" &&
    block.columns.length <= limits.table.columns &&
    block.rows.length < limits.table.rows
  );
}

/** Too many blocks: the last that are no buttons go. */
function withoutLast(blocks: readonly SlackBlock[], count: number): SlackBlock[] {
  const expendable = new Set<SlackBlock>(blocks.filter((block) => block.type !== "actions").slice(-count));
  return blocks.filter((block) => !expendable.has(block)).slice(0, blocks.length - count);
}

/** The same without blocks, for when Slack refuses them: everything said, and what the buttons would run. */
export function renderPlain(view: View, { command }: Pick<RenderContext, "command">): Rendered {
  const lines = view.blocks.flatMap((block): string[] => {
    switch (block.type) {
      case "heading":
      case "code":
      case "text":
      case "note":
        return [plain(block.text)];
      case "facts":
        return block.facts.map(({ label, value }) => `${label}: ${plain(value)}`);
      case "list":
        return block.items.map((item) => `• ${plain(item)}`);
      case "table":
        return [block.columns.join(" | "), ...block.rows.map((row) => row.map(plain).join(" | "))];
      case "divider":
        return [];
      case "buttons":
        return block.buttons.map((button) => `${button.label}: ${command} ${button.command}`);
    }
  });
  const text = plain([plain(view.summary), ...lines].join("\n"));
  return { text: messageText(text.trim() || "crai", limits.plainTextBytes), blocks: [] };
}
