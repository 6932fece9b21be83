import { emojiOf } from "./emoji.ts";

export type Inline =
  | { kind: "text" | "code" | "emoji"; text: string }
  | { kind: "break" }
  | { kind: "bold" | "italic" | "strike"; children: Inline[] }
  | { kind: "link"; href: string; label: string }
  | { kind: "user" | "channel" | "group"; id: string; label: string | undefined }
  | { kind: "broadcast"; name: string }
  | { kind: "date"; seconds: number; format: string; link: string | undefined; fallback: string };

export type Paragraph =
  | { kind: "paragraph" | "quote"; children: Inline[] }
  | { kind: "preformatted"; children: Inline[] };

/**
 * Slack's mrkdwn as Slack's own client reads it. In particular only `<…>` makes links and mentions, and what arrives
 * as `&lt;…&gt;` stays text: a renderer that is more generous would hide a missing escape in the app.
 */
export function parseMrkdwn(source: string): Paragraph[] {
  return source.split(/```/).flatMap((part, index, parts): Paragraph[] => {
    const closed = index < parts.length - 1;
    if (index % 2 === 1 && closed) return [{ kind: "preformatted", children: preformatted(part) }];
    // An opening fence that is never closed is only three backticks.
    return lines(index % 2 === 1 ? `\`\`\`${part}` : part, index > 0);
  });
}

function lines(text: string, afterFence: boolean): Paragraph[] {
  const body = afterFence ? text.replace(/^\n/, "") : text;
  if (body === "") return [];
  const found: { quote: boolean; lines: string[] }[] = [];
  for (const line of body.replace(/\n$/, "").split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    const last = found.at(-1);
    const content = quoted ? line.slice(quoted[0].length) : line;
    if (last && last.quote === Boolean(quoted)) last.lines.push(content);
    else found.push({ quote: Boolean(quoted), lines: [content] });
  }
  return found.map((group) => ({
    kind: group.quote ? "quote" : "paragraph",
    children: inlines(group.lines.join("\n")),
  }));
}

/** Inside a fence only links and mentions keep a meaning. */
function preformatted(text: string): Inline[] {
  const { masked, atoms } = maskAtoms(text.replace(/^\n/, "").replace(/\n$/, ""), /<[^<>\n]+>/g);
  return texts(masked, atoms, false);
}

/** Atoms (code, links, mentions, emoji) are swapped for one private-use character each, so that styles can span them. */
const firstAtom = 0xe000;
const lastAtom = 0xf8ff;

function maskAtoms(source: string, pattern: RegExp): { masked: string; atoms: Inline[] } {
  const atoms: Inline[] = [];
  const masked = source.replaceAll(/[\ue000-\uf8ff]/g, "\ufffd").replaceAll(pattern, (found) => {
    const atom = firstAtom + atoms.length <= lastAtom ? readAtom(found) : undefined;
    if (!atom) return found;
    atoms.push(atom);
    return String.fromCharCode(firstAtom + atoms.length - 1);
  });
  return { masked, atoms };
}

const atomPattern =
  /`[^`\n]+`|<[^<>\n]+>|:[a-z0-9_+-]+:|(?<![\w/])https?:\/\/[^\s<>|`]*[^\s<>|`.,;:!?'")\]*_~]/g;

function inlines(text: string): Inline[] {
  const { masked, atoms } = maskAtoms(text, atomPattern);
  return styled(masked, atoms);
}

function readAtom(found: string): Inline | undefined {
  if (found.startsWith("`")) return { kind: "code", text: decode(found.slice(1, -1)) };
  if (found.startsWith("<")) return readAngle(found.slice(1, -1));
  if (found.startsWith("http")) return { kind: "link", href: decode(found), label: decode(found) };
  const emoji = emojiOf(found.slice(1, -1));
  return emoji ? { kind: "emoji", text: emoji } : undefined;
}

/** The inside of `<…>`: a mention, a date or a link, each with an optional `|label`. */
function readAngle(inside: string): Inline {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? undefined : decode(inside.slice(bar + 1));
  if (target.startsWith("@")) return { kind: "user", id: target.slice(1), label };
  if (target.startsWith("#")) return { kind: "channel", id: target.slice(1), label };
  if (target.startsWith("!subteam^")) return { kind: "group", id: target.slice("!subteam^".length), label };
  if (target.startsWith("!date^")) return readDate(target, label ?? "");
  if (target.startsWith("!")) return { kind: "broadcast", name: target.slice(1) };
  return { kind: "link", href: decode(target), label: label ?? decode(target) };
}

function readDate(target: string, fallback: string): Inline {
  const [, seconds, format, link] = target.split("^");
  const at = Number(seconds);
  if (!Number.isFinite(at) || format === undefined) return { kind: "text", text: fallback };
  return { kind: "date", seconds: at, format, link, fallback };
}

const styles = { "*": "bold", _: "italic", "~": "strike" } as const;

/** A style opens after and closes before anything but a letter or digit, holds no space at its ends, and ends on its line. */
const stylePattern = /(?<![\p{L}\p{N}])([*_~])(?!\s|\1)((?:(?!\1)[^\n])*(?!\s|\1)[^\n])\1(?![\p{L}\p{N}])/gu;

function styled(masked: string, atoms: Inline[]): Inline[] {
  const out: Inline[] = [];
  let from = 0;
  for (const match of masked.matchAll(stylePattern)) {
    const [whole, mark, inside] = match as unknown as [string, keyof typeof styles, string];
    out.push(...texts(masked.slice(from, match.index), atoms, true));
    out.push({ kind: styles[mark], children: styled(inside, atoms) });
    from = match.index + whole.length;
  }
  out.push(...texts(masked.slice(from), atoms, true));
  return out;
}

function texts(masked: string, atoms: Inline[], breaks: boolean): Inline[] {
  return masked.split(breaks ? /([\ue000-\uf8ff]|\n)/ : /([\ue000-\uf8ff])/).flatMap((piece): Inline[] => {
    if (piece === "") return [];
    if (breaks && piece === "\n") return [{ kind: "break" }];
    const atom = piece.length === 1 ? atoms[piece.charCodeAt(0) - firstAtom] : undefined;
    return [atom ?? { kind: "text", text: decode(piece) }];
  });
}

function decode(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
