import type { Code, List, ListItem, Nodes, RootContent, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import type { Runbook, RunbookNode } from "../../domain/runbook.ts";

const shells: ReadonlySet<string> = new Set(["bash", "sh", "shell", "zsh", "console"]);

function textOf(node: Nodes): string {
  if ("value" in node) return node.value;
  return "children" in node ? node.children.map(textOf).join("") : "";
}

function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 0;
}

function unnumbered(heading: string): string {
  return heading.replace(/^\d+[.)]\s*/, "").trim();
}

/** A table of contents: every entry leads to another place of the same document. */
function isNavigation({ children }: List): boolean {
  return children.every((item) => {
    const [paragraph] = item.children;
    const [link] = paragraph?.type === "paragraph" ? paragraph.children : [];
    return link?.type === "link" && link.url.startsWith("#");
  });
}

function itemOf(item: ListItem): RunbookNode {
  const [first] = item.children;
  const text = first === undefined ? "" : textOf(first).trim();
  const [bold] = first?.type === "paragraph" ? first.children : [];
  return {
    kind: "item",
    label: bold?.type === "strong" ? textOf(bold) : text,
    text,
    line: lineOf(item),
    children: item.children.slice(1).flatMap(nodesOf),
  };
}

function rowsOf(table: Table): RunbookNode[] {
  return table.children.slice(1).map((row) => {
    const cells = row.children.map((cell) => textOf(cell).trim());
    return { kind: "item", label: cells[0] ?? "", text: cells.join(" | "), line: lineOf(row), children: [] };
  });
}

/** Lines of code as people wrote them: comments group what follows, `\` joins a line to the next. */
function linesOf(code: Code, kind: "command" | "item"): RunbookNode[] {
  const nodes: RunbookNode[] = [];
  let group: RunbookNode | undefined;
  let open: RunbookNode | undefined;
  for (const [index, raw] of code.value.split("\n").entries()) {
    const text = raw.trim();
    const line = lineOf(code) + 1 + index;
    if (open) {
      open.text = `${open.text} ${text.replace(/\\$/, "").trim()}`;
      open.label = open.text;
      if (!text.endsWith("\\")) open = undefined;
    } else if (text.startsWith("#")) {
      const label = text.replace(/^#+\s*/, "");
      group = { kind: "group", label, text: label, line, children: [] };
      nodes.push(group);
    } else if (text !== "") {
      const said = kind === "item" ? text.replace(/^-\s*/, "") : text.replace(/\\$/, "").trim();
      const node: RunbookNode = { kind, label: said, text: said, line, children: [] };
      (group?.children ?? nodes).push(node);
      if (text.endsWith("\\")) open = node;
    }
  }
  return nodes;
}

function nodesOf(content: RootContent): RunbookNode[] {
  if (content.type === "list") return isNavigation(content) ? [] : content.children.map(itemOf);
  if (content.type === "table") return rowsOf(content);
  if (content.type !== "code") return [];
  if (shells.has(content.lang ?? "")) return linesOf(content, "command");
  return /^\s*-\s/m.test(content.value) ? linesOf(content, "item") : [];
}

/** `**Next Review:** 2024-04-15`, wherever it stands. */
function nextReviewOf(source: string): string | null {
  return /next review[:*\s]*(\d{4}-\d{2}-\d{2})/i.exec(source)?.[1] ?? null;
}

/** Reads a Markdown runbook down to each list item, table row and command. Prose is not counted: it asks for nothing. */
export function readRunbook(source: string): Runbook {
  const root = fromMarkdown(source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  let title = "";
  const sections: RunbookNode[] = [];
  const open: { depth: number; node: RunbookNode }[] = [];
  for (const content of root.children) {
    if (content.type === "heading") {
      const text = textOf(content).trim();
      if (content.depth === 1) {
        title ||= text;
        continue;
      }
      const node: RunbookNode = {
        kind: "heading",
        label: unnumbered(text),
        text,
        line: lineOf(content),
        children: [],
      };
      while ((open.at(-1)?.depth ?? 0) >= content.depth) open.pop();
      (open.at(-1)?.node.children ?? sections).push(node);
      open.push({ depth: content.depth, node });
    } else {
      const nodes = nodesOf(content);
      // What stands before the first heading belongs to the document itself.
      (open.at(-1)?.node.children ?? sections).push(...nodes);
    }
  }
  return { title, nextReview: nextReviewOf(source), sections };
}
