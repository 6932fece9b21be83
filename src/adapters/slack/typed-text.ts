const smartQuotes = { "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'" } as const;

/** `<…>` of Slack's escaped text, as it was typed. A mention keeps its ID: rights and roles hang on it, not on the name. */
function token(inside: string): string {
  const [target = "", label] = inside.split("|", 2);
  if (/^[@#][A-Z0-9]+$/.test(target)) return target;
  if (target.startsWith("!subteam^")) return `@${target.slice("!subteam^".length)}`;
  if (target.startsWith("!date^")) return label ?? "";
  if (target.startsWith("!")) return `@${target.slice(1)}`;
  if (target.startsWith("mailto:")) return label ?? target.slice("mailto:".length);
  // Slack makes "example.com/a" a link to http://example.com/a and keeps what was typed as its label.
  const typed = label !== undefined && target.replace(/^[a-z]+:\/\//i, "").replace(/\/$/, "") === label;
  return typed ? label : target;
}

/**
 * What the person typed, from what Slack made of it: tokens for mentions, channels and links, three escapes, typographic
 * quotes and dashes (phones and macOS put them in), spaces that are none. Rule: docs.slack.dev/messaging/formatting-message-text.
 */
export function typedText(escaped: string): string {
  const text = escaped
    .replaceAll(/<([^<>]*)>/g, (_, inside: string) => token(inside))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/[“”„‘’‚]/g, (quote) => smartQuotes[quote as keyof typeof smartQuotes])
    .replaceAll(/(?<=^|\s)[—–](?=[a-z])/g, "--")
    .replaceAll(/[\u200b-\u200f\u2060\ufeff]/g, "")
    .replaceAll(/[\p{Zs}]/gu, " ")
    .trim();
  // `command` pasted as code.
  return /^(`+)([^`]+)\1$/.exec(text)?.[2]?.trim() ?? text;
}

/** The command in a message that begins with a mention of crai; undefined: it talks about crai, not to it. */
export function mentionedCommand(text: string, botUser: string): string | undefined {
  const match = new RegExp(String.raw`^\s*<@${botUser}(?:\|[^>]*)?>[\s:,]*`).exec(text);
  return match === null ? undefined : typedText(text.slice(match[0].length));
}
