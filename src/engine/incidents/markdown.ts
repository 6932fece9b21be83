import { cleanLine, cleanText } from "../../domain/clean-text.ts";

/** What Markdown (CommonMark with GitHub's extensions) would read as structure inside a line. */
function escapeInline(text: string): string {
  return (
    text
      .replaceAll(/[\\`*[\]~$|]/g, String.raw`\$&`)
      // Inside a word an underscore means nothing, and metric names are full of them.
      .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
      // GitHub makes bare addresses links, and a link swallows the backslashes that stand in it.
      .replaceAll("://", String.raw`:\//`)
      .replaceAll(/(?<=www)\.|(?<=[\w.+-])@/gi, String.raw`\$&`)
      .replaceAll(/&(?=#?\w+;)/g, "&amp;")
      .replaceAll("<", "&lt;")
  );
}

/** What would begin a heading, list, quote, rule or underline at the start of a line. */
function escapeStart(line: string): string {
  return line
    .replace(/^[#+\-=>]/, String.raw`\$&`)
    .replace(/^(\d{1,9})([.)])/, String.raw`$1\$2`)
    .replace(/^:(?=-)/, String.raw`\:`);
}

/** Any text as one line of Markdown that shows it and does nothing else. */
export function plain(text: string): string {
  return escapeStart(escapeInline(cleanLine(text)));
}

/** `# text`; a closing row of `#` would be taken for decoration. */
export function heading(level: number, text: string): string {
  return `${"#".repeat(level)} ${plain(text).replace(/#+$/, (hashes) => hashes.replaceAll("#", String.raw`\#`))}`;
}

/** Text of several lines as a quotation, each line where it was. */
export function quote(text: string, indent = ""): string {
  const lines = cleanText(text)
    .trim()
    .split("\n")
    .map((line) => plain(line));
  return lines
    .map((line, index) => `${indent}> ${line}${index < lines.length - 1 && line !== "" ? "\\" : ""}`)
    .map((line) => line.trimEnd())
    .join("\n");
}

/** The longest row of backticks, plus one: nothing inside can close it. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  return "`".repeat(Math.max(least, longest + 1));
}

export function codeBlock(text: string, language: string): string {
  const body = cleanText(text).replace(/\n+$/, "");
  const fence = fenceFor(body, 3);
  return `${fence}${language}\n${body}\n${fence}`;
}

/** Not for tables, where a bar ends the cell even in code. */
export function code(text: string): string {
  const body = cleanLine(text);
  if (body === "") return "";
  const fence = fenceFor(body, 1);
  const room = body.startsWith("`") || body.endsWith("`") ? " " : "";
  return `${fence}${room}${body}${room}${fence}`;
}

/** A link under words of our own; undefined for anything that is no web address. */
export function link(words: string, url: string | null): string | undefined {
  if (url === null || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return undefined;
  const safe = href.replaceAll(
    /[\\()<>|`]/g,
    (char) => `%${char.codePointAt(0)!.toString(16).toUpperCase()}`,
  );
  return `[${words}](${safe})`;
}

/** Cells are Markdown already; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}
