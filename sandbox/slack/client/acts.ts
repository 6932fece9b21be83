import { runCommand } from "../app/commands.ts";
import { pressAction, runShortcut } from "../app/interactions.ts";
import { closeView, submitView } from "../app/modals.ts";
import { mustBeActive, mustBeMember, openIm, visibleChannel } from "../channels.ts";
import { addPin, addReaction, removePin, removeReaction } from "../items.ts";
import {
  addMessage,
  editMessage,
  messagesIn,
  mustFindMessage,
  removeMessage,
  threadRoot,
} from "../messages.ts";
import type { Channel, StoredMessage } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { State } from "../state.ts";
import { channelActs } from "./channel-acts.ts";
import { compose } from "./compose.ts";
import type { ClientContext, ClientHandlers } from "./handlers.ts";
import { presentChannel, presentMessage, presentView } from "./present.ts";
import type { reads } from "./reads.ts";

/** Writing is for members of a channel that is not archived. */
function writable({ board, viewer }: ClientContext, id: string): Channel {
  const channel = visibleChannel(board.state, viewer, id);
  mustBeActive(channel);
  mustBeMember(channel, viewer);
  return channel;
}

function ownMessage(
  state: State,
  at: { channel: string; ts: string; viewer: string },
  refusal: string,
): StoredMessage {
  const message = mustFindMessage(state, at.channel, at.ts);
  if (message.user !== at.viewer || message.subtype !== undefined) throw new SlackRefusal(refusal);
  return message;
}

function mark(context: ClientContext, { channel, ts }: { channel: string; ts: string }) {
  return { channel: writable(context, channel), ts, user: context.viewer };
}

/** What a person does. */
export const acts: Omit<ClientHandlers, keyof typeof reads> = {
  ...channelActs,
  "channel.read"({ channel: id, ts }, { board: { state }, viewer }) {
    const channel = visibleChannel(state, viewer, id);
    const newest = messagesIn(state, channel.id).at(-1)?.ts;
    const read = ts ?? newest;
    if (read !== undefined) channel.read.set(viewer, read);
    state.emit({ type: "channel_read", channel, user: viewer });
    return {};
  },
  "im.open"({ user }, { board: { state }, viewer }) {
    return { channel: presentChannel(state, openIm(state, viewer, user).channel, viewer) };
  },

  "message.post"({ channel: id, text, thread_ts, reply_broadcast }, context) {
    const { state } = context.board;
    const channel = writable(context, id);
    const root = thread_ts && threadRoot(state, channel.id, thread_ts);
    const message = addMessage(state, {
      channel: channel.id,
      user: context.viewer,
      text: compose(state, text),
      ...(root ? { thread_ts: root, broadcast: reply_broadcast ?? false } : {}),
    });
    channel.read.set(context.viewer, message.ts);
    return { message: presentMessage(state, message, context.viewer) };
  },
  "message.edit"({ channel: id, ts, text }, context) {
    const { state } = context.board;
    const { id: channel } = writable(context, id);
    const message = ownMessage(state, { channel, ts, viewer: context.viewer }, "cant_update_message");
    editMessage(state, message, context.viewer, { text: compose(state, text) });
    return { message: presentMessage(state, message, context.viewer) };
  },
  "message.delete"({ channel: id, ts }, context) {
    const { state } = context.board;
    const { id: channel } = writable(context, id);
    removeMessage(state, ownMessage(state, { channel, ts, viewer: context.viewer }, "cant_delete_message"));
    return {};
  },
  "reaction.add"({ name, ...at }, context) {
    addReaction(context.board.state, mark(context, at), name);
    return {};
  },
  "reaction.remove"({ name, ...at }, context) {
    removeReaction(context.board.state, mark(context, at), name);
    return {};
  },
  "pin.add"(at, context) {
    addPin(context.board.state, mark(context, at));
    return {};
  },
  "pin.remove"(at, context) {
    removePin(context.board.state, mark(context, at));
    return {};
  },

  "command.run": ({ channel, text, thread_ts }, { board, viewer }) =>
    runCommand(board, { user: viewer, channel, text, threadTs: thread_ts }),
  "action.run": ({ container, block_id, action_id, chosen, state }, { board, viewer }) =>
    pressAction(board, { user: viewer, container, blockId: block_id, actionId: action_id, chosen, state }),
  "shortcut.run"({ callback_id, channel, ts }, { board, viewer }) {
    const message = channel === undefined || ts === undefined ? undefined : { channel, ts };
    return runShortcut(board, { user: viewer, callbackId: callback_id, message });
  },

  async "view.submit"({ view_id, state }, { board, viewer }) {
    const result = await submitView(board, { user: viewer, viewId: view_id, state });
    if (result.outcome === "updated") return { outcome: "updated", view: presentView(result.view) };
    if (result.outcome === "pushed") return { outcome: "pushed", view: presentView(result.view) };
    return result;
  },
  async "view.close"({ view_id, all = false }, { board, viewer }) {
    await closeView(board, { user: viewer, viewId: view_id, all });
    return {};
  },
  "home.open"(_input, { board: { state }, viewer }) {
    const { channel } = openIm(state, viewer, state.bot.user);
    const view = state.homes.get(viewer) ?? null;
    state.emit({ type: "home_opened", user: viewer, channel, view });
    return { view: view && presentView(view) };
  },
};
