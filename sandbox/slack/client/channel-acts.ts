import {
  archiveChannel,
  createChannel,
  joinChannel,
  leaveChannel,
  makePrivate,
  mustBeMember,
  unarchiveChannel,
  visibleChannel,
} from "../channels.ts";
import type { Channel } from "../records.ts";
import type { ClientContext, ClientHandlers } from "./handlers.ts";
import { presentChannel } from "./present.ts";

type ChannelActs =
  | "channel.create"
  | "channel.join"
  | "channel.leave"
  | "channel.invite"
  | "channel.remove"
  | "channel.archive"
  | "channel.unarchive"
  | "channel.make_private";

function ofMine({ board, viewer }: ClientContext, id: string): Channel {
  const channel = visibleChannel(board.state, viewer, id);
  mustBeMember(channel, viewer);
  return channel;
}

function shown({ board, viewer }: ClientContext, channel: Channel) {
  return { channel: presentChannel(board.state, channel, viewer) };
}

/** What a person does to a channel itself and to who is in it. */
export const channelActs: Pick<ClientHandlers, ChannelActs> = {
  "channel.create"({ name, is_private }, context) {
    const { board, viewer } = context;
    return shown(context, createChannel(board.state, viewer, { name, isPrivate: is_private ?? false }));
  },
  "channel.join"({ channel: id }, context) {
    const { board, viewer } = context;
    const channel = visibleChannel(board.state, viewer, id);
    joinChannel(board.state, channel, viewer);
    return shown(context, channel);
  },
  "channel.leave"({ channel }, { board: { state }, viewer }) {
    leaveChannel(state, visibleChannel(state, viewer, channel), viewer);
    return {};
  },
  "channel.invite"({ channel, user }, context) {
    joinChannel(context.board.state, ofMine(context, channel), user, context.viewer);
    return {};
  },
  "channel.remove"({ channel, user }, context) {
    leaveChannel(context.board.state, ofMine(context, channel), user);
    return {};
  },
  "channel.archive"({ channel }, context) {
    archiveChannel(context.board.state, ofMine(context, channel), context.viewer);
    return {};
  },
  "channel.unarchive"({ channel }, context) {
    const { board, viewer } = context;
    unarchiveChannel(board.state, visibleChannel(board.state, viewer, channel), viewer);
    return {};
  },
  "channel.make_private"({ channel }, context) {
    makePrivate(ofMine(context, channel));
    return {};
  },
};
