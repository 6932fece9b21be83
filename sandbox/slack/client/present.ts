import type { Bookmark, Channel as ClientChannel, Message, User as ClientUser, View } from "../client-api.ts";
import { massMentions, mentionedUsers } from "../mentions.ts";
import { messagesIn, repliesOf, standsInChannel } from "../messages.ts";
import type { Channel, StoredMessage, StoredView, User } from "../records.ts";
import type { State } from "../state.ts";

/** The workspace's things as one person's client shows them. */

export function presentUser({ id, name, real_name, title, is_bot }: User): ClientUser {
  return { id, name, real_name, title, is_bot };
}

function unreadMessages(state: State, channel: Channel, viewer: string): StoredMessage[] {
  const read = channel.read.get(viewer) ?? "";
  return messagesIn(state, channel.id).filter(
    (message) =>
      message.ts > read &&
      message.user !== viewer &&
      message.only_for === undefined &&
      message.subtype === undefined &&
      standsInChannel(message),
  );
}

export function presentChannel(state: State, channel: Channel, viewer: string): ClientChannel {
  const { id, name, kind, is_archived, topic, purpose, members } = channel;
  const other = kind === "im" ? ([...members].find((member) => member !== viewer) ?? viewer) : undefined;
  const unread = members.has(viewer) ? unreadMessages(state, channel, viewer) : [];
  return {
    id,
    name: other === undefined ? name : (state.users.get(other)?.real_name ?? other),
    is_private: kind !== "public",
    is_im: kind === "im",
    is_archived,
    is_member: members.has(viewer),
    ...(other === undefined ? {} : { user: other }),
    topic: topic.value,
    purpose: purpose.value,
    unread: unread.length,
    unread_mentions: unread.filter(
      (message) => kind === "im" || mentionedUsers(message).has(viewer) || massMentions(message).length > 0,
    ).length,
    member_count: members.size,
  };
}

/** What a person's client gets of a message: not the app's metadata, and files with an address it can read. */
export function presentMessage(state: State, message: StoredMessage, viewer: string): Message {
  const { metadata: _metadata, only_for, broadcast, files, reactions, ...rest } = message;
  const replies = only_for === undefined ? repliesOf(state, message) : [];
  const isPinned = state.channels.get(message.channel)?.pins.some((pin) => pin.ts === message.ts) ?? false;
  return {
    ...rest,
    ...(broadcast ? { subtype: "thread_broadcast" } : {}),
    ...(files === undefined ? {} : { files: files.map((id) => presentFile(state, id, viewer)) }),
    ...(reactions.length > 0
      ? { reactions: reactions.map(({ name, users }) => ({ name, users: [...users], count: users.length })) }
      : {}),
    ...(isPinned ? { is_pinned: true } : {}),
    ...(only_for === undefined ? {} : { is_ephemeral: true }),
    ...(replies.length > 0
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          latest_reply: replies.at(-1)!.ts,
        }
      : {}),
  };
}

function presentFile(state: State, id: string, viewer: string): NonNullable<Message["files"]>[number] {
  const file = state.files.get(id);
  const { name = id, title = id, mimetype = "application/octet-stream", size = 0 } = file ?? {};
  const shown = file?.alt === undefined ? {} : { alt_txt: file.alt };
  return { id, name, title, mimetype, ...shown, size, url_private: `/slack/client/files/${id}?as=${viewer}` };
}

export function presentView(view: StoredView): View {
  const { id, type, callback_id, title, submit, close, blocks, state, hash, root_view_id, previous_view_id } =
    view;
  return {
    id,
    type,
    callback_id,
    ...(title === null ? {} : { title }),
    submit,
    close,
    blocks,
    state,
    hash,
    root_view_id,
    previous_view_id,
  };
}

export function presentBookmarks({ bookmarks }: Channel): Bookmark[] {
  return bookmarks.map(({ id, title, link, emoji }) => ({ id, title, link, emoji }));
}
