import type { Block, StateValues } from "./client-api.ts";

/** What the workspace remembers, in Slack's own spelling where Slack has one. */

export interface User {
  id: string;
  name: string;
  real_name: string;
  title: string;
  email: string | null;
  is_bot: boolean;
}

export interface Headline {
  value: string;
  creator: string;
  /** Seconds. */
  last_set: number;
}

export interface Bookmark {
  id: string;
  channel_id: string;
  title: string;
  link: string;
  emoji: string | null;
  type: "link";
  date_created: number;
  date_updated: number;
  last_updated_by_user_id: string;
}

export interface Channel {
  id: string;
  name: string;
  kind: "public" | "private" | "im";
  /** Seconds. */
  created: number;
  creator: string;
  is_archived: boolean;
  topic: Headline;
  purpose: Headline;
  previous_names: string[];
  members: Set<string>;
  bookmarks: Bookmark[];
  /** Newest first. `created` in seconds. */
  pins: { ts: string; user: string; created: number }[];
  /** Person → `ts` of the last message they have read. */
  read: Map<string, string>;
}

export interface StoredFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  /** What an image shows, in words. */
  alt?: string;
  size: number;
  user: string;
  created: number;
  /** Null until the bytes were uploaded. */
  bytes: Buffer | null;
  /** The messages that show it. */
  shares: { channel: string; ts: string }[];
}

export interface MessageMetadata {
  event_type: string;
  event_payload: Record<string, unknown>;
}

/** A message in Slack's own spelling, plus where it stands and who may see it. */
export interface StoredMessage {
  type: "message";
  channel: string;
  ts: string;
  user: string;
  text: string;
  subtype?: string;
  thread_ts?: string;
  /** A reply that also shows in the channel. */
  broadcast?: boolean;
  bot_id?: string;
  app_id?: string;
  username?: string;
  icon_emoji?: string;
  blocks?: Block[];
  attachments?: Record<string, unknown>[];
  metadata?: MessageMetadata;
  files?: string[];
  edited?: { user: string; ts: string };
  reactions: { name: string; users: string[] }[];
  /** Ephemeral: the only person who sees it. */
  only_for?: string;
  inviter?: string;
}

export interface StoredView {
  id: string;
  type: "modal" | "home";
  /** Whose screen it is on. */
  user: string;
  callback_id: string;
  external_id: string;
  private_metadata: string;
  title: { type: string; text: string } | null;
  submit: { type: string; text: string } | null;
  close: { type: string; text: string } | null;
  clear_on_close: boolean;
  notify_on_close: boolean;
  blocks: Block[];
  state: { values: StateValues };
  hash: string;
  root_view_id: string;
  previous_view_id: string | null;
}

export interface ScheduledMessage {
  id: string;
  channel: string;
  /** Seconds. */
  post_at: number;
  text: string;
  post(): void;
}

/** A person's press, which for three seconds entitles the app to open a modal on their screen. */
export interface Trigger {
  user: string;
  /** Milliseconds. */
  expires: number;
  isUsed: boolean;
}

/** Lets the app answer a command or interaction without being in the channel. */
export interface ResponseUrl {
  channel: string;
  user: string;
  /** The message that was interacted with; null for a command. */
  ts: string | null;
  /** Milliseconds. */
  expires: number;
  usesLeft: number;
}
