/** A message as a person reads it, for the record: names instead of IDs, addresses instead of links, no escapes. */
export async function readableText(
  escaped: string,
  nameOf: (user: string) => Promise<string> | string | undefined,
): Promise<string> {
  const users = new Set([...escaped.matchAll(/<@([UW][A-Z0-9]+)/g)].map(([, user = ""]) => user));
  const names = new Map(
    await Promise.all([...users].map(async (user) => [user, await nameOf(user)] as const)),
  );
  return escaped
    .replaceAll(/<([^<>]*)>/g, (_, inside: string) => {
      const [target = "", label] = inside.split("|", 2);
      if (target.startsWith("@")) return `@${names.get(target.slice(1)) ?? label ?? target.slice(1)}`;
      if (target.startsWith("#")) return `#${label ?? target.slice(1)}`;
      if (target.startsWith("!subteam^")) return label ?? `@${target.slice("!subteam^".length)}`;
      if (target.startsWith("!date^")) return label ?? "";
      if (target.startsWith("!")) return `@${target.slice(1)}`;
      const address = target.replace(/^mailto:/, "");
      return label === undefined || target.endsWith(label) ? address : `${label} (${address})`;
    })
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
