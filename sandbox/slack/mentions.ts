/** `<!channel>`, `<!here>`, `<!everyone>` (with or without a label) and `<!subteam^S…>`: what pages many people. */
const massMention = /<!(channel|here|everyone)(\|[^>]*)?>|<!subteam\^[A-Z0-9]+(\|[^>]*)?>/g;

/** Every text of a message that Slack would read as mrkdwn; plain_text objects are shown literally. */
function* mrkdwnTexts(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* mrkdwnTexts(item);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Record<string, unknown>;
  if (node["type"] === "plain_text") return;
  for (const [key, inner] of Object.entries(node)) {
    if ((key === "text" || key === "pretext" || key === "fallback") && typeof inner === "string") yield inner;
    else yield* mrkdwnTexts(inner);
  }
}

/** rich_text names its mentions as elements instead of writing them into text. */
function* richTextMentions(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* richTextMentions(item);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as Record<string, unknown>;
  if (node["type"] === "broadcast") yield `<!${String(node["range"])}>`;
  else if (node["type"] === "usergroup") yield `<!subteam^${String(node["usergroup_id"])}>`;
  for (const inner of Object.values(node)) yield* richTextMentions(inner);
}

interface Texts {
  text: string;
  blocks?: unknown;
  attachments?: unknown;
}

/** The mentions in a message that would page a whole channel or group, as written. */
export function massMentions({ text, blocks, attachments }: Texts): string[] {
  const rest = [blocks, attachments];
  const written = [text, ...mrkdwnTexts(rest)].flatMap((one) => one.match(massMention) ?? []);
  return [...written, ...richTextMentions(rest)];
}

/** The users a message names with `<@U…>`. */
export function mentionedUsers({ text, blocks, attachments }: Texts): Set<string> {
  const texts = [text, ...mrkdwnTexts([blocks, attachments])];
  return new Set(
    texts.flatMap((one) => [...one.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g)].map((match) => match[1]!)),
  );
}
