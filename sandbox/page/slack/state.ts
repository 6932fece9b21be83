import type { Bookmark, Channel, ClientEvent, ClientResult, Message, View } from "../../slack/client-api.ts";

export type Whoami = ClientResult<"whoami">;

/** What the page knows of the workspace, as one person sees it. A record without a key: not loaded yet. */
export interface WorkspaceState {
  connection: "connecting" | "online" | "lost";
  /** Counts the connections: whatever was loaded under an older one is read again. */
  generation: number;
  who: Whoami | null;
  channels: Channel[];
  messages: Record<string, Message[]>;
  /** Parent and replies, by `threadKey`. */
  threads: Record<string, Message[]>;
  bookmarks: Record<string, Bookmark[]>;
  views: View[];
  /** undefined: not asked for yet; null: the app has published none. */
  home: View | null | undefined;
}

export const emptyState: WorkspaceState = {
  connection: "connecting",
  generation: 0,
  who: null,
  channels: [],
  messages: {},
  threads: {},
  bookmarks: {},
  views: [],
  home: undefined,
};

export function threadKey(channel: string, threadTs: string): string {
  return `${channel}/${threadTs}`;
}

export function isReply(message: Message): boolean {
  return message.thread_ts !== undefined && message.thread_ts !== message.ts;
}

type EventOf<T extends ClientEvent["type"]> = Extract<ClientEvent, { type: T }>;
type Change<T extends ClientEvent["type"]> = (state: WorkspaceState, event: EventOf<T>) => WorkspaceState;

function unchanged(state: WorkspaceState): WorkspaceState {
  return state;
}

const changes: { [T in ClientEvent["type"]]: Change<T> } = {
  hello: unchanged,
  message: (state, event) => withMessage(state, event.message, true),
  message_changed: (state, event) => withMessage(state, event.message, false),
  message_deleted: withoutMessage,
  // message_changed brings what these did.
  reaction_added: unchanged,
  reaction_removed: unchanged,
  pin_added: unchanged,
  pin_removed: unchanged,
  channel_added: withChannel,
  channel_changed: withChannel,
  channel_removed: (state, event) => ({
    ...state,
    channels: state.channels.filter((channel) => channel.id !== event.channel),
  }),
  member_joined: unchanged,
  member_left: unchanged,
  bookmarks_changed: (state, event) => ({
    ...state,
    bookmarks: { ...state.bookmarks, [event.channel]: event.bookmarks },
  }),
  view_opened: (state, event) => ({
    ...state,
    views: [...state.views.filter((view) => view.id !== event.view.id), event.view],
  }),
  view_updated: (state, event) => ({
    ...state,
    views: state.views.map((view) => (view.id === event.view.id ? event.view : view)),
  }),
  views_closed: (state, event) => ({
    ...state,
    views: state.views.filter((view) => !event.view_ids.includes(view.id)),
  }),
  home_published: (state, event) => ({ ...state, home: event.view }),
  app_reachable: (state, event) =>
    state.who ? { ...state, who: { ...state.who, app_reachable: event.reachable } } : state,
};

/** The state after an event. */
export function applyEvent<T extends ClientEvent["type"]>(
  state: WorkspaceState,
  event: EventOf<T>,
): WorkspaceState {
  const change = changes[event.type] as Change<T>;
  return change(state, event);
}

function withChannel(state: WorkspaceState, event: { channel: Channel }): WorkspaceState {
  return { ...state, channels: replaced(state.channels, event.channel, (channel) => channel.id) };
}

function withMessage(state: WorkspaceState, message: Message, isNew: boolean): WorkspaceState {
  const inChannel = !isReply(message) || message.subtype === "thread_broadcast";
  const messages = inChannel ? put(state.messages, message.channel, message, isNew) : state.messages;
  const key = threadKey(message.channel, message.thread_ts ?? message.ts);
  return { ...state, messages, threads: put(state.threads, key, message, isNew) };
}

/** Puts a message into a list that is loaded; a changed one that the list does not hold stays out. */
function put(
  lists: Record<string, Message[]>,
  key: string,
  message: Message,
  isNew: boolean,
): Record<string, Message[]> {
  const list = lists[key];
  if (!list || (!isNew && !list.some((known) => known.ts === message.ts))) return lists;
  const next = replaced(list, message, (known) => known.ts).sort((a, b) => (a.ts < b.ts ? -1 : 1));
  return { ...lists, [key]: next };
}

function withoutMessage(
  state: WorkspaceState,
  gone: { channel: string; ts: string; thread_ts?: string | undefined },
): WorkspaceState {
  function without(lists: Record<string, Message[]>, key: string): Record<string, Message[]> {
    const list = lists[key];
    return list ? { ...lists, [key]: list.filter((message) => message.ts !== gone.ts) } : lists;
  }
  return {
    ...state,
    messages: without(state.messages, gone.channel),
    threads: without(state.threads, threadKey(gone.channel, gone.thread_ts ?? gone.ts)),
  };
}

/** The list with the item in the place of the one with the same key, or at its end. */
function replaced<T>(list: T[], item: T, keyOf: (item: T) => string): T[] {
  const known = list.some((other) => keyOf(other) === keyOf(item));
  return known ? list.map((other) => (keyOf(other) === keyOf(item) ? item : other)) : [...list, item];
}
