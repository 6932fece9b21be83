import { mustBeActive, mustBeMember } from "./channels.ts";
import { messageLimits } from "./limits.ts";
import { addMessage, mustFindMessage } from "./messages.ts";
import { SlackRefusal } from "./refusal.ts";
import type { Bookmark, Channel, StoredMessage } from "./records.ts";
import type { State } from "./state.ts";

/** Reactions, pins and bookmarks. */

interface Mark {
  channel: Channel;
  ts: string;
  user: string;
}

function markable(state: State, { channel, ts, user }: Mark): StoredMessage {
  mustBeActive(channel);
  mustBeMember(channel, user);
  return mustFindMessage(state, channel.id, ts);
}

export function addReaction(state: State, mark: Mark, name: string): void {
  const message = markable(state, mark);
  if (!/^[\p{Ll}\p{Lo}0-9_+'-]+(::skin-tone-[2-6])?$/u.test(name)) throw new SlackRefusal("invalid_name");
  const existing = message.reactions.find((reaction) => reaction.name === name);
  if (existing?.users.includes(mark.user)) throw new SlackRefusal("already_reacted");
  if (existing !== undefined) existing.users.push(mark.user);
  else if (message.reactions.length >= messageLimits.reactionsPerMessage)
    throw new SlackRefusal("too_many_emoji");
  else message.reactions.push({ name, users: [mark.user] });
  state.emit({ type: "reaction_added", name, channel: mark.channel, message, user: mark.user });
  state.emit({ type: "message_changed", message, cause: "reaction" });
}

export function removeReaction(state: State, mark: Mark, name: string): void {
  const message = markable(state, mark);
  const existing = message.reactions.find((reaction) => reaction.name === name);
  if (existing === undefined || !existing.users.includes(mark.user)) throw new SlackRefusal("no_reaction");
  existing.users = existing.users.filter((user) => user !== mark.user);
  message.reactions = message.reactions.filter((reaction) => reaction.users.length > 0);
  state.emit({ type: "reaction_removed", name, channel: mark.channel, message, user: mark.user });
  state.emit({ type: "message_changed", message, cause: "reaction" });
}

export function addPin(state: State, mark: Mark): void {
  const message = markable(state, mark);
  const { channel, ts, user } = mark;
  if (channel.pins.some((pin) => pin.ts === ts)) throw new SlackRefusal("already_pinned");
  channel.pins.unshift({ ts, user, created: Math.floor(state.now() / 1000) });
  state.emit({ type: "pin_added", channel, message, user });
  state.emit({ type: "message_changed", message, cause: "pin" });
  addMessage(state, {
    channel: channel.id,
    user,
    subtype: "pinned_item",
    text: `<@${user}> pinned a message to this channel.`,
  });
}

export function removePin(state: State, mark: Mark): void {
  const message = markable(state, mark);
  const { channel, ts, user } = mark;
  if (!channel.pins.some((pin) => pin.ts === ts)) throw new SlackRefusal("no_pin");
  channel.pins = channel.pins.filter((pin) => pin.ts !== ts);
  state.emit({ type: "pin_removed", channel, message, user });
  state.emit({ type: "message_changed", message, cause: "pin" });
}

/** Pins whose message still stands. */
export function pinnedMessages(
  state: State,
  channel: Channel,
): { pin: Channel["pins"][number]; message: StoredMessage }[] {
  const messages = state.messages.get(channel.id) ?? [];
  return channel.pins.flatMap((pin) => {
    const message = messages.find((one) => one.ts === pin.ts);
    return message === undefined ? [] : [{ pin, message }];
  });
}

interface BookmarkFields {
  title: string;
  link: string;
  emoji: string | null;
}

export function addBookmark(state: State, channel: Channel, user: string, fields: BookmarkFields): Bookmark {
  mustBeActive(channel);
  mustBeMember(channel, user);
  checkLink(fields.link);
  const at = Math.floor(state.now() / 1000);
  const bookmark: Bookmark = {
    id: state.newId("Bk"),
    channel_id: channel.id,
    type: "link",
    date_created: at,
    date_updated: at,
    last_updated_by_user_id: user,
    ...fields,
  };
  channel.bookmarks.push(bookmark);
  state.emit({ type: "bookmarks_changed", channel });
  return bookmark;
}

function findBookmark(channel: Channel, id: string): Bookmark {
  const bookmark = channel.bookmarks.find((one) => one.id === id);
  if (bookmark === undefined) throw new SlackRefusal("not_found");
  return bookmark;
}

function checkLink(link: string): void {
  if (!/^https?:\/\//.test(link)) throw new SlackRefusal("invalid_link");
}

export function editBookmark(
  state: State,
  at: { channel: Channel; user: string; id: string },
  fields: Partial<BookmarkFields>,
): Bookmark {
  mustBeActive(at.channel);
  mustBeMember(at.channel, at.user);
  const bookmark = findBookmark(at.channel, at.id);
  if (fields.link !== undefined) checkLink(fields.link);
  Object.assign(bookmark, fields, {
    date_updated: Math.floor(state.now() / 1000),
    last_updated_by_user_id: at.user,
  });
  state.emit({ type: "bookmarks_changed", channel: at.channel });
  return bookmark;
}

export function removeBookmark(state: State, channel: Channel, user: string, id: string): void {
  mustBeActive(channel);
  mustBeMember(channel, user);
  const bookmark = findBookmark(channel, id);
  channel.bookmarks = channel.bookmarks.filter((one) => one !== bookmark);
  state.emit({ type: "bookmarks_changed", channel });
}
