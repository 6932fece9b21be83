import { randomInt } from "node:crypto";
import { z } from "zod";
import type { Block } from "./client-api.ts";
import { blockSchema, homeSchema, modalSchema } from "./block-schema.ts";
import { messageLimits, viewLimits } from "./limits.ts";
import { SlackRefusal } from "./refusal.ts";

type Issue = z.core.$ZodIssue;

function wording(issue: Issue): string {
  if (issue.code === "too_big" && issue.origin === "string") {
    return `must be less than ${Number(issue.maximum) + 1} characters`;
  }
  if (issue.code === "too_small" && issue.origin === "string") {
    return `must be more than ${Number(issue.minimum) - 1} characters`;
  }
  if (issue.code === "too_big") return `no more than ${issue.maximum} items allowed`;
  if (issue.code === "too_small") return `no fewer than ${issue.minimum} items allowed`;
  if (issue.code === "unrecognized_keys") return `invalid additional property: ${issue.keys.join(", ")}`;
  if (issue.code === "invalid_union") return "unsupported type";
  if (issue.code !== "invalid_type") return issue.message;
  if (issue.message.endsWith("received undefined"))
    return `missing required field: ${String(issue.path.at(-1))}`;
  return `must be a ${issue.expected}`;
}

/** Zod's complaints in Slack's words: "must be less than 3001 characters [json-pointer:/blocks/0/text/text]". */
export function slackComplaints(issues: readonly Issue[], root: readonly PropertyKey[] = []): string[] {
  return issues.map((issue) => {
    const pointer = [...root, ...issue.path].map((key) => `/${String(key)}`).join("");
    return `[ERROR] ${wording(issue)} [json-pointer:${pointer}]`;
  });
}

/** The interactive elements of a block: in `elements`, as `accessory`, or as an input's `element`. */
export function elementsOf(block: Block): Record<string, unknown>[] {
  const { elements, accessory, element } = block as {
    elements?: unknown;
    accessory?: unknown;
    element?: unknown;
  };
  const all = [...(block.type === "actions" && Array.isArray(elements) ? elements : []), accessory, element];
  return all.filter(
    (one): one is Record<string, unknown> =>
      typeof one === "object" && one !== null && (one as { type?: unknown }).type !== "image",
  );
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function shortId(): string {
  return Array.from({ length: 5 }, () => idLetters[randomInt(idLetters.length)]).join("");
}

function repeated(values: readonly unknown[]): string | undefined {
  const given = values.filter((value): value is string => typeof value === "string");
  return given.find((value, index) => given.indexOf(value) !== index);
}

function duplicateComplaints(blocks: readonly Block[]): string[] {
  const blockId = repeated(blocks.map((block) => block.block_id));
  const complaints =
    blockId === undefined ? [] : [`[ERROR] \`block_id\` "${blockId}" already exists [json-pointer:/blocks]`];
  blocks.forEach((block, index) => {
    const actionId = repeated(elementsOf(block).map((element) => element["action_id"]));
    if (actionId !== undefined) {
      complaints.push(
        `[ERROR] \`action_id\` "${actionId}" already exists for \`block_id\` "${block.block_id ?? ""}" [json-pointer:/blocks/${index}]`,
      );
    }
  });
  return complaints;
}

/** Slack gives an id to every block and interactive element that came without one. */
function withIds(blocks: readonly Block[]): Block[] {
  const copy = structuredClone(blocks) as Block[];
  for (const block of copy) {
    block.block_id ??= shortId();
    for (const element of elementsOf(block)) element["action_id"] ??= shortId();
  }
  return copy;
}

/** The blocks of a message as Slack would store them. Refuses with invalid_blocks, invalid_attachments or msg_blocks_too_long. */
export function checkMessageBlocks(given: unknown): Block[] {
  if (!Array.isArray(given)) throw new SlackRefusal("invalid_blocks_format");
  const parsed = z.array(blockSchema).max(messageLimits.blocks).safeParse(given);
  if (!parsed.success)
    throw new SlackRefusal("invalid_blocks", slackComplaints(parsed.error.issues, ["blocks"]));
  const duplicates = duplicateComplaints(given as Block[]);
  if (duplicates.length > 0) throw new SlackRefusal("invalid_blocks", duplicates);
  const blocks = withIds(given as Block[]);
  // Slack keeps a table as an attachment, and says so where there is a second one.
  if (blocks.filter(({ type }) => type === "table").length > 1)
    throw new SlackRefusal("invalid_attachments", ["[ERROR] only_one_table_allowed"]);
  if (JSON.stringify(blocks).length > messageLimits.blocksJson) throw new SlackRefusal("msg_blocks_too_long");
  return blocks;
}

/** The blocks as given: the schema checks them but their shape is only looked at, never relied on. */
export type CheckedView = (
  | Omit<z.infer<typeof modalSchema>, "blocks">
  | Omit<z.infer<typeof homeSchema>, "blocks">
) & {
  blocks: Block[];
};

/** A view as Slack would store it; refuses with invalid_arguments (Slack's code for a bad view) or view_too_large. */
export function checkView(given: unknown, type: "modal" | "home"): CheckedView {
  const parsed = (type === "modal" ? modalSchema : homeSchema).safeParse(given);
  if (!parsed.success)
    throw new SlackRefusal("invalid_arguments", slackComplaints(parsed.error.issues, ["view"]));
  if (JSON.stringify(given).length > viewLimits.jsonBytes) throw new SlackRefusal("view_too_large");
  const view = given as CheckedView;
  const complaints = duplicateComplaints(view.blocks);
  const hasInput = view.blocks.some((block) => block.type === "input");
  if (view.type === "modal" && hasInput && !view.submit) {
    complaints.push("[ERROR] missing required field: submit [json-pointer:/view]");
  }
  if (complaints.length > 0) throw new SlackRefusal("invalid_arguments", complaints);
  return { ...view, blocks: withIds(view.blocks) };
}
