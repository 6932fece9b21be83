import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Change } from "../changes.ts";
import { canSee } from "../channels.ts";
import type { ClientEvent } from "../client-api.ts";
import { isSeenBy } from "../messages.ts";
import type { Channel, StoredMessage } from "../records.ts";
import type { State } from "../state.ts";
import { presentBookmarks, presentChannel, presentMessage, presentView } from "./present.ts";

type ChangeOf<T extends Change["type"]> = Extract<Change, { type: T }>;

function changed(state: State, channel: Channel, viewer: string, change: "members" | "unread"): ClientEvent {
  return { type: "channel_changed", change, channel: presentChannel(state, channel, viewer) };
}

function ofMessage(
  state: State,
  message: StoredMessage,
  viewer: string,
  event: () => ClientEvent[],
): ClientEvent[] {
  const channel = state.channels.get(message.channel);
  return channel !== undefined && canSee(channel, viewer) && isSeenBy(message, viewer) ? event() : [];
}

function posted(state: State, { message }: ChangeOf<"message_posted">, viewer: string): ClientEvent[] {
  const channel = state.channels.get(message.channel)!;
  return ofMessage(state, message, viewer, () => [
    { type: "message", channel: channel.id, message: presentMessage(state, message, viewer) },
    ...(message.user === viewer || message.only_for !== undefined
      ? []
      : [changed(state, channel, viewer, "unread")]),
  ]);
}

function edited(state: State, { message }: ChangeOf<"message_changed">, viewer: string): ClientEvent[] {
  return ofMessage(state, message, viewer, () => [
    { type: "message_changed", channel: message.channel, message: presentMessage(state, message, viewer) },
  ]);
}

function deleted(state: State, { message }: ChangeOf<"message_deleted">, viewer: string): ClientEvent[] {
  const { channel, ts, thread_ts } = message;
  return ofMessage(state, message, viewer, () => [
    { type: "message_deleted", channel, ts, ...(thread_ts === undefined ? {} : { thread_ts }) },
  ]);
}

function reacted(
  state: State,
  change: ChangeOf<"reaction_added" | "reaction_removed">,
  viewer: string,
): ClientEvent[] {
  const { type, message, user, name } = change;
  return ofMessage(state, message, viewer, () => [
    { type, channel: message.channel, ts: message.ts, user, name },
  ]);
}

function pinned(state: State, change: ChangeOf<"pin_added" | "pin_removed">, viewer: string): ClientEvent[] {
  const { type, message, user } = change;
  return ofMessage(state, message, viewer, () => [{ type, channel: message.channel, ts: message.ts, user }]);
}

function channelAdded(state: State, { channel }: ChangeOf<"channel_created">, viewer: string): ClientEvent[] {
  return canSee(channel, viewer)
    ? [{ type: "channel_added", channel: presentChannel(state, channel, viewer) }]
    : [];
}

function channelChanged(
  state: State,
  { channel, what }: ChangeOf<"channel_changed">,
  viewer: string,
): ClientEvent[] {
  return canSee(channel, viewer)
    ? [{ type: "channel_changed", change: what, channel: presentChannel(state, channel, viewer) }]
    : [];
}

function joined(state: State, { channel, user }: ChangeOf<"member_joined">, viewer: string): ClientEvent[] {
  if (!canSee(channel, viewer)) return [];
  const isNewToViewer = user === viewer && channel.kind !== "public";
  return [
    ...(isNewToViewer
      ? [{ type: "channel_added" as const, channel: presentChannel(state, channel, viewer) }]
      : [changed(state, channel, viewer, "members")]),
    { type: "member_joined", channel: channel.id, user },
  ];
}

function left(state: State, { channel, user }: ChangeOf<"member_left">, viewer: string): ClientEvent[] {
  if (!canSee(channel, viewer))
    return user === viewer ? [{ type: "channel_removed", channel: channel.id }] : [];
  return [changed(state, channel, viewer, "members"), { type: "member_left", channel: channel.id, user }];
}

function bookmarked(
  _state: State,
  { channel }: ChangeOf<"bookmarks_changed">,
  viewer: string,
): ClientEvent[] {
  if (!canSee(channel, viewer)) return [];
  return [{ type: "bookmarks_changed", channel: channel.id, bookmarks: presentBookmarks(channel) }];
}

function viewShown(
  _state: State,
  { type, view }: ChangeOf<"view_opened" | "view_updated" | "home_published">,
  viewer: string,
): ClientEvent[] {
  return view.user === viewer ? [{ type, view: presentView(view) }] : [];
}

const tellers: {
  [T in Change["type"]]: (state: State, change: ChangeOf<T>, viewer: string) => ClientEvent[];
} = {
  message_posted: posted,
  message_changed: edited,
  message_deleted: deleted,
  reaction_added: reacted,
  reaction_removed: reacted,
  pin_added: pinned,
  pin_removed: pinned,
  channel_created: channelAdded,
  channel_changed: channelChanged,
  member_joined: joined,
  member_left: left,
  bookmarks_changed: bookmarked,
  channel_read: (state, { channel, user }, viewer) =>
    user === viewer ? [changed(state, channel, viewer, "unread")] : [],
  view_opened: viewShown,
  view_updated: viewShown,
  views_closed: (_state, { user, views }, viewer) =>
    user === viewer ? [{ type: "views_closed", view_ids: views.map((view) => view.id) }] : [],
  home_published: viewShown,
  home_opened: () => [],
  app_reachable: (_state, { reachable }) => [{ type: "app_reachable", reachable }],
};

function clientEvents(state: State, change: Change, viewer: string): ClientEvent[] {
  const tell = tellers[change.type] as (state: State, change: Change, viewer: string) => ClientEvent[];
  return tell(state, change, viewer);
}

export interface ClientPush {
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Tells every open client what it may see of each change, in the order things happened. */
export function createClientPush(state: State): ClientPush {
  const server = new WebSocketServer({ noServer: true });
  const viewers = new Map<WebSocket, string>();

  const stop = state.listen((change) => {
    for (const [socket, viewer] of viewers) {
      for (const event of clientEvents(state, change, viewer)) socket.send(JSON.stringify(event));
    }
  });

  return {
    upgrade(req, socket, head) {
      const viewer = new URL(req.url ?? "/", "http://slack").searchParams.get("as") ?? "";
      if (!state.people.includes(viewer)) {
        socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
        return;
      }
      server.handleUpgrade(req, socket, head, (client) => {
        viewers.set(client, viewer);
        client.on("close", () => viewers.delete(client));
        // A broken frame ends the connection, and "close" follows.
        client.on("error", () => client.terminate());
        client.send(JSON.stringify({ type: "hello", user: viewer } satisfies ClientEvent));
      });
    },
    close() {
      stop();
      for (const client of viewers.keys()) client.terminate();
      server.close();
    },
  };
}
