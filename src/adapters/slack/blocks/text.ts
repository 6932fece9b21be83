import { parseISO } from "date-fns/parseISO";
import { cleanText } from "../../../domain/clean-text.ts";
import type { Inline, Text } from "../../../domain/view.ts";
import { limits } from "./limits.ts";

/** Slack's three control characters (docs.slack.dev/messaging/formatting-message-text); nothing in it can mention or link. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Content may not open or close a code block: three backticks in a row are parted by a space of no width. */
function withoutFences(text: string): string {
  return text.replaceAll(/`(?=``)/g, "`\u200b");
}

/** Letters that look like Slack's marks and are none. */
const lookAlikes: Readonly<Record<string, string>> = { "*": "∗", _: "ˍ", "~": "∼", "`": "ˋ" };

/** Marks at an end of a word: where formatting begins and ends. */
const marks = /(?<![\p{L}\p{N}])[*_~]+(?=\S)|(?<=\S)[*_~]+(?![\p{L}\p{N}])|`/gu;

/**
 * Slack has no escape for its marks, so one that could make text bold, slanted, struck out or code gives way to a letter
 * that looks the same; and so does a `>` that would begin a quotation. In words (snake_case) and alone (5 * 3) they stay.
 */
function withoutMarks(text: string): string {
  return text
    .replaceAll(marks, (found) => found.replaceAll(/./g, (mark) => lookAlikes[mark] ?? mark))
    .replaceAll(/^(\s*)>/gm, "$1›");
}

export function oneLine(text: string): string {
  return cleanText(text).replaceAll(/\s+/g, " ").trim();
}

/** For `plain_text`, which Slack neither parses nor unescapes; what would be a mention elsewhere loses its form all the same. */
export function plainLine(text: string): string {
  return oneLine(text).replaceAll(/<(?=[!@#])/g, "‹");
}

/** Cut to `max` characters, never inside an escape, a link, a mention or a surrogate pair. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, safeEnd(text, max - 1))}…`;
}

/** The last place not after `end` where a text may be parted without breaking a token. */
function safeEnd(text: string, end: number): number {
  const head = text.slice(0, end);
  const token = head.lastIndexOf("<");
  if (token > head.lastIndexOf(">")) return token;
  const entity = /&[a-z]*$/.exec(head);
  if (entity) return entity.index;
  return /[\uD800-\uDBFF]$/.test(head) ? end - 1 : end;
}

/** Parts of at most `max` characters, parted at line ends, else at spaces, else anywhere that breaks no token. */
export function split(text: string, max: number): string[] {
  const parts: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    let rest = line;
    while (rest.length > max) {
      const space = rest.lastIndexOf(" ", max - 1) + 1;
      const end = safeEnd(rest, space > max / 2 ? space : max) || max;
      parts.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
    if (rest !== "") parts.push(rest);
  }
  return parts;
}

/** A time of a stored view has been through JSON. */
function asDate(time: Date | string): Date {
  return typeof time === "string" ? parseISO(time) : time;
}

function utc(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const dateFormats = { clock: "{time}", date: "{date_short_pretty} {time}", relative: "{ago}" } as const;

/** http and https only; anything else is shown as the text it is. */
function httpUrl(link: string): string | undefined {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  const href = escape(url.href.replaceAll("|", "%7C").replaceAll("<", "%3C").replaceAll(">", "%3E"));
  return href.length > limits.url ? undefined : href;
}

/** A label that looks like an address must be the address: otherwise a link could pose as another. */
function linkLabel(text: string, url: string): string {
  const label = oneLine(text).replaceAll("|", "¦");
  const posesAsUrl = /:\/\/|^www\.|^[\w-]+(\.[\w-]+)+(\/|$)/i.test(label);
  return label === "" || posesAsUrl ? url.replaceAll("&amp;", "&") : withoutMarks(label);
}

function link(inline: { link: string; text: string }): string {
  const url = httpUrl(inline.link);
  if (url === undefined) return escape(withoutMarks(oneLine(`${inline.text} ${inline.link}`)));
  return `<${url}|${escape(cut(linkLabel(inline.text, url), 200))}>`;
}

/** Slack formats only what has no space inside its marks, so spaces around a word go outside. */
function wrapped(mark: string, text: string, content: (line: string) => string): string {
  const line = oneLine(text);
  if (line === "") return text === "" ? "" : " ";
  return `${/^\s/.test(text) ? " " : ""}${mark}${content(line)}${mark}${/\s$/.test(text) ? " " : ""}`;
}

function inlineMrkdwn(inline: Inline): string {
  if (typeof inline === "string") return escape(withoutMarks(cleanText(inline)));
  if ("bold" in inline)
    return wrapped("*", inline.bold, (line) => escape(withoutMarks(line).replaceAll("*", "∗")));
  if ("code" in inline)
    return wrapped("`", inline.code, (line) => escape(cut(line, 500).replaceAll("`", "ˋ")));
  if ("link" in inline) return link(inline);
  if ("person" in inline)
    return /^[UW][A-Z0-9]{2,}$/.test(inline.person)
      ? `<@${inline.person}>`
      : escape(withoutMarks(oneLine(inline.name)));
  if ("group" in inline)
    return /^S[A-Z0-9]{2,}$/.test(inline.group)
      ? `<!subteam^${inline.group}>`
      : escape(withoutMarks(oneLine(inline.name)));
  if ("channel" in inline)
    return /^[CG][A-Z0-9]{2,}$/.test(inline.channel)
      ? `<#${inline.channel}>`
      : escape(withoutMarks(oneLine(`#${inline.name}`)));
  const time = asDate(inline.time);
  const seconds = Math.floor(time.getTime() / 1000);
  return `<!date^${seconds}^${dateFormats[inline.as]}|${utc(time)}>`;
}

function inlines(text: Text): readonly Inline[] {
  return Array.isArray(text) ? (text as readonly Inline[]) : [text as Inline];
}

/** Slack's mrkdwn, to be sent as `verbatim`. */
export function mrkdwn(text: Text): string {
  return inlines(text).map(inlineMrkdwn).join("");
}

/** Text of a code block; put between fences. */
export function codeText(text: string): string {
  return escape(withoutFences(cleanText(text)));
}

function inlinePlain(inline: Inline): string {
  if (typeof inline === "string") return inline;
  if ("bold" in inline) return inline.bold;
  if ("code" in inline) return inline.code;
  if ("link" in inline) return inline.text === inline.link ? inline.link : `${inline.text} (${inline.link})`;
  if ("person" in inline || "group" in inline) return inline.name;
  if ("channel" in inline) return `#${inline.name}`;
  return utc(asDate(inline.time));
}

/** Without any formatting and not escaped: for tables, and where Slack would not take blocks. */
export function plain(text: Text): string {
  return cleanText(inlines(text).map(inlinePlain).join(""));
}

/** The `text` of a message: what notifications show, and all there is when blocks were refused. */
export function messageText(text: string, maxBytes: number): string {
  const escaped = escape(withoutMarks(text));
  let max = maxBytes;
  while (Buffer.byteLength(cut(escaped, max)) > maxBytes) max = Math.floor(max * 0.9);
  return cut(escaped, max);
}
