import type { State } from "../state.ts";

const broadcasts = new Set(["channel", "here", "everyone"]);

/** Tokens that a page already put in: kept as they are. */
const token = /<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+|![a-z]+(?:\^[A-Z0-9]+)?|https?:\/\/[^>\s]+)(?:\|[^>]*)?>/;
const typed = new RegExp(`${token.source}|@[a-z0-9._-]*[a-z0-9]|#[a-z0-9_-]+|[&<>]`, "gi");
const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** What Slack's client makes of typed text: "@alex" and "#incidents" become tokens, the rest is escaped. */
export function compose(state: State, text: string): string {
  return text.replace(typed, (part) => {
    if (part in escapes) return escapes[part]!;
    if (part.startsWith("@")) return mention(state, part.slice(1).toLowerCase()) ?? part;
    if (part.startsWith("#")) {
      const channel = [...state.channels.values()].find(
        (one) => one.kind === "public" && one.name === part.slice(1),
      );
      return channel === undefined ? part : `<#${channel.id}|${channel.name}>`;
    }
    return part;
  });
}

function mention(state: State, name: string): string | undefined {
  if (broadcasts.has(name)) return `<!${name}>`;
  const user = [...state.users.values()].find((one) => one.name === name);
  if (user !== undefined) return `<@${user.id}>`;
  const group = state.userGroups.find((one) => one.handle === name);
  return group && `<!subteam^${group.id}|@${group.handle}>`;
}
