import { isPlaceholderText } from "./placeholder.ts";

/** How much of one item of a runbook crai takes over, best first. */
export const coverages = ["automatic", "assisted", "manual", "missing"] as const;
/**
 * automatic = crai does it; assisted = a person decides or attests, crai asks, reminds and records; manual = people do it,
 * knowingly; missing = nothing speaks of it.
 */
export type Coverage = (typeof coverages)[number];

/** heading = a section; group = the comment above commands; item = a list item or table row; command = a line of code. */
export type RunbookNodeKind = "heading" | "group" | "item" | "command";

/** One thing a Markdown runbook says, with what stands below it. */
export interface RunbookNode {
  kind: RunbookNodeKind;
  /** What people would call it: a heading without its number, the bold beginning of an item, a comment, a command. */
  label: string;
  text: string;
  /** 1-based. */
  line: number;
  children: RunbookNode[];
}

export interface Runbook {
  title: string;
  /** The day its next review was due by its own words (ISO 8601); null: it names none. */
  nextReview: string | null;
  sections: RunbookNode[];
}

export function isPlaceholder({ kind, text }: RunbookNode): boolean {
  return kind === "item" && isPlaceholderText(text);
}

/** Letters and digits only: how labels are compared. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function isCalled(node: RunbookNode, name: string): boolean {
  const wanted = plain(name);
  if (node.kind === "command") return plain(node.text).startsWith(wanted);
  const names = [node.label, node.text, node.label.replace(/\s*\([^)]*\)\s*$/, "")];
  return names.some((text) => plain(text) === wanted);
}

/**
 * The nodes a reference such as `Daily Tasks > Validate backup completion` names: its last part is the node's own name,
 * the parts before it are names of nodes above, in order, not necessarily all of them.
 */
export function nodesNamed({ sections }: Runbook, reference: string): RunbookNode[] {
  // `Error rate > 5%` is one name.
  const parts = reference.split(/\s>\s(?!\d+\s?(?:%|ms\b))/);
  const found: RunbookNode[] = [];
  function visit(node: RunbookNode, matched: number): void {
    if (matched === parts.length - 1 && isCalled(node, parts[matched]!)) found.push(node);
    const next = matched < parts.length - 1 && isCalled(node, parts[matched]!) ? matched + 1 : matched;
    for (const child of node.children) visit(child, next);
  }
  for (const section of sections) visit(section, 0);
  // A comment above commands may say the same as an item beside it; commands have names of their own.
  const items = found.filter(({ kind }) => kind === "item");
  return items.length === 1 && found.every(({ kind }) => kind === "item" || kind === "group") ? items : found;
}
