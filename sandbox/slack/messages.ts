import { messageLimits } from "./limits.ts";
import { SlackRefusal } from "./refusal.ts";
import type { StoredMessage } from "./records.ts";
import type { State } from "./state.ts";

/** Storing, finding, changing and removing messages; who may do so is asked by the callers' rules below. */

type NewMessage = Omit<StoredMessage, "type" | "ts" | "reactions">;

/** Stores and announces a message. Its `thread_ts` must have been checked with `threadRoot`. */
export function addMessage(state: State, given: NewMessage): StoredMessage {
  const message: StoredMessage = { type: "message", ts: state.nextTs(), reactions: [], ...given };
  messagesIn(state, message.channel).push(message);
  state.emit({ type: "message_posted", message });
  const parent =
    message.thread_ts === undefined ? undefined : findMessage(state, message.channel, message.thread_ts);
  if (parent !== undefined && message.only_for === undefined) {
    state.emit({ type: "message_changed", message: parent, cause: "reply" });
  }
  return message;
}

export function messagesIn(state: State, channel: string): StoredMessage[] {
  const messages = state.messages.get(channel);
  if (messages === undefined) throw new SlackRefusal("channel_not_found");
  return messages;
}

/** A message everybody in the channel can see. */
export function findMessage(state: State, channel: string, ts: string): StoredMessage | undefined {
  return messagesIn(state, channel).find((message) => message.ts === ts && message.only_for === undefined);
}

export function mustFindMessage(state: State, channel: string, ts: string): StoredMessage {
  const message = findMessage(state, channel, ts);
  if (message === undefined) throw new SlackRefusal("message_not_found");
  return message;
}

/** A message this person sees, an ephemeral of theirs too. */
export function findSeenMessage(
  state: State,
  { channel, ts }: { channel: string; ts: string },
  viewer: string,
): StoredMessage | undefined {
  return messagesIn(state, channel).find((message) => message.ts === ts && isSeenBy(message, viewer));
}

export function isSeenBy(message: StoredMessage, viewer: string): boolean {
  return message.only_for === undefined || message.only_for === viewer;
}

/** Replies stand only in their thread unless they were also sent to the channel. */
export function standsInChannel(message: StoredMessage): boolean {
  return message.thread_ts === undefined || message.thread_ts === message.ts || message.broadcast === true;
}

export function repliesOf(state: State, parent: StoredMessage): StoredMessage[] {
  return messagesIn(state, parent.channel).filter(
    (message) =>
      message.thread_ts === parent.ts && message.ts !== parent.ts && message.only_for === undefined,
  );
}

/** The parent a reply may be attached to. */
export function threadRoot(state: State, channel: string, threadTs: string): string {
  const parent = findMessage(state, channel, threadTs);
  if (parent === undefined) throw new SlackRefusal("thread_not_found");
  if (parent.thread_ts !== undefined && parent.thread_ts !== parent.ts)
    throw new SlackRefusal("cannot_reply_to_message");
  return parent.ts;
}

/** Slack cuts an overlong text rather than refusing it. */
export function cutText(text: string): { text: string; warnings: string[] } {
  if (text.length <= messageLimits.textCutAt) return { text, warnings: [] };
  return { text: text.slice(0, messageLimits.textCutAt), warnings: ["message_truncated"] };
}

/** Empty blocks or attachments take the message's away. */
type Edit = Partial<Pick<StoredMessage, "text" | "blocks" | "attachments" | "metadata" | "files">>;

export function editMessage(state: State, message: StoredMessage, editor: string, edit: Edit): void {
  const previous = structuredClone(message);
  Object.assign(message, edit, { edited: { user: editor, ts: state.nextTs() } });
  if (message.blocks?.length === 0) delete message.blocks;
  if (message.attachments?.length === 0) delete message.attachments;
  state.emit({ type: "message_changed", message, cause: "edit", previous });
}

/** A parent with replies leaves a tombstone, so that its thread stays; everything else is gone. */
export function removeMessage(state: State, message: StoredMessage): void {
  const messages = messagesIn(state, message.channel);
  if (message.only_for === undefined && repliesOf(state, message).length > 0) {
    const { channel, ts } = message;
    const tombstone: StoredMessage = {
      type: "message",
      subtype: "tombstone",
      channel,
      ts,
      user: "USLACKBOT",
      text: "This message was deleted.",
      reactions: [],
    };
    messages[messages.indexOf(message)] = tombstone;
    state.emit({ type: "message_changed", message: tombstone, cause: "edit", previous: message });
    return;
  }
  messages.splice(messages.indexOf(message), 1);
  state.emit({ type: "message_deleted", message });
  if (message.thread_ts === undefined || message.thread_ts === message.ts || message.only_for !== undefined)
    return;
  const parent = findMessage(state, message.channel, message.thread_ts);
  if (parent !== undefined) state.emit({ type: "message_changed", message: parent, cause: "reply" });
}
