import { canSee, visibleChannel } from "../channels.ts";
import { pinnedMessages } from "../items.ts";
import { isSeenBy, messagesIn, standsInChannel } from "../messages.ts";
import { stackOf } from "../views.ts";
import type { ClientHandlers } from "./handlers.ts";
import { presentBookmarks, presentChannel, presentMessage, presentUser, presentView } from "./present.ts";

type Reads =
  | "whoami"
  | "channels.list"
  | "channel.members"
  | "channel.history"
  | "thread.replies"
  | "channel.bookmarks"
  | "channel.pins"
  | "views.list"
  | "home.view";

const pageSize = 200;

/** What a person looks at. */
export const reads: Pick<ClientHandlers, Reads> = {
  whoami(_input, { board, viewer }) {
    const { state } = board;
    const { features, display_information } = state.manifest;
    return {
      team: state.team,
      user: presentUser(state.users.get(viewer)!),
      people: state.people.map((id) => presentUser(state.users.get(id)!)),
      users: [...state.users.values()].map(presentUser),
      user_groups: state.userGroups.map((group) => ({ ...group, users: [...group.users] })),
      app: {
        id: state.bot.appId,
        name: display_information.name,
        user: state.bot.user,
        bot_id: state.bot.id,
      },
      commands: features.slash_commands,
      shortcuts: features.shortcuts,
      app_reachable: board.link().isReachable(),
    };
  },

  "channels.list": (_input, { board: { state }, viewer }) => ({
    channels: [...state.channels.values()]
      .filter((channel) => canSee(channel, viewer))
      .map((channel) => presentChannel(state, channel, viewer)),
  }),

  "channel.members"({ channel: id }, { board: { state }, viewer }) {
    const { members } = visibleChannel(state, viewer, id);
    return { members: [...members].map((member) => presentUser(state.users.get(member)!)) };
  },

  "channel.history"({ channel: id, before, limit = pageSize }, { board: { state }, viewer }) {
    const channel = visibleChannel(state, viewer, id);
    const all = messagesIn(state, channel.id).filter(
      (message) =>
        isSeenBy(message, viewer) &&
        standsInChannel(message) &&
        (before === undefined || Number(message.ts) < Number(before)),
    );
    return {
      messages: all.slice(-limit).map((message) => presentMessage(state, message, viewer)),
      has_more: all.length > limit,
    };
  },

  "thread.replies"({ channel: id, thread_ts }, { board: { state }, viewer }) {
    const channel = visibleChannel(state, viewer, id);
    const thread = messagesIn(state, channel.id).filter(
      (message) => isSeenBy(message, viewer) && (message.ts === thread_ts || message.thread_ts === thread_ts),
    );
    return { messages: thread.map((message) => presentMessage(state, message, viewer)) };
  },

  "channel.bookmarks": ({ channel }, { board: { state }, viewer }) => ({
    bookmarks: presentBookmarks(visibleChannel(state, viewer, channel)),
  }),

  "channel.pins"({ channel: id }, { board: { state }, viewer }) {
    const channel = visibleChannel(state, viewer, id);
    return {
      messages: pinnedMessages(state, channel).map(({ message }) => presentMessage(state, message, viewer)),
    };
  },

  "views.list": (_input, { board: { state }, viewer }) => ({
    views: stackOf(state, viewer).map(presentView),
  }),

  "home.view"(_input, { board: { state }, viewer }) {
    const view = state.homes.get(viewer);
    return { view: view === undefined ? null : presentView(view) };
  },
};
