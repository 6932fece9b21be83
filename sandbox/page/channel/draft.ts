/** What a draft may name. */
interface Names {
  users: { id: string; name: string; real_name: string }[];
  user_groups: { id: string; handle: string }[];
  channels: { id: string; name: string; is_im: boolean }[];
}

/** A message as it was typed, for editing: the workspace turns names into mentions and escapes what it is sent. */
export function typedFrom(text: string, names: Names): string {
  return text
    .replaceAll(/<@(\w+)(?:\|[^>]*)?>/g, (whole, id: string) => {
      const user = names.users.find((other) => other.id === id);
      return user ? `@${user.name}` : whole;
    })
    .replaceAll(/<!subteam\^(\w+)(?:\|[^>]*)?>/g, (whole, id: string) => {
      const group = names.user_groups.find((other) => other.id === id);
      return group ? `@${group.handle}` : whole;
    })
    .replaceAll(/<!(channel|here|everyone)>/g, "@$1")
    .replaceAll(/<#(\w+)(?:\|[^>]*)?>/g, (whole, id: string) => {
      const channel = names.channels.find((other) => other.id === id);
      return channel ? `#${channel.name}` : whole;
    })
    .replaceAll(/<(https?:[^|>]+)(?:\|[^>]*)?>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

export interface Suggestion {
  id: string;
  /** What is put into the draft. */
  insert: string;
  title: string;
  detail: string;
}

interface Commands {
  commands: { command: string; description: string; usage_hint: string }[];
}

/** What to offer for the word that ends at the caret: slash commands at the start, people and groups after "@". */
export function suggest(draft: string, caret: number, names: Names & Commands): Suggestion[] {
  const before = draft.slice(0, caret);
  if (/^\/\S*$/.test(before)) {
    return names.commands
      .filter((known) => known.command.startsWith(before) && known.command !== before)
      .map((known) => ({
        id: known.command,
        insert: `${known.command} `,
        title: `${known.command} ${known.usage_hint}`,
        detail: known.description,
      }));
  }
  const mention = /(?:^|\s)@([\w.-]*)$/.exec(before);
  if (!mention) return [];
  const typed = (mention[1] ?? "").toLowerCase();
  const people = names.users
    .filter((user) => user.real_name.toLowerCase().startsWith(typed))
    .map((user) => ({
      id: user.id,
      insert: `@${user.name} `,
      title: user.real_name,
      detail: `@${user.name}`,
    }));
  const groups = names.user_groups
    .filter((group) => group.handle.startsWith(typed))
    .map((group) => ({
      id: group.id,
      insert: `@${group.handle} `,
      title: `@${group.handle}`,
      detail: "User group",
    }));
  return [...people, ...groups];
}

/** The draft with the word before the caret replaced, and where the caret goes. */
export function complete(
  draft: string,
  caret: number,
  suggestion: Suggestion,
): { draft: string; caret: number } {
  const before = draft.slice(0, caret).replace(/\S*$/, "") + suggestion.insert;
  return { draft: before + draft.slice(caret), caret: before.length };
}
