import type { Channel, StoredMessage, StoredView } from "./records.ts";

interface Item {
  channel: Channel;
  message: StoredMessage;
  user: string;
}

/** What happened in the workspace. The person's client and the app's events are both views of this feed. */
export type Change =
  | { type: "message_posted"; message: StoredMessage }
  /** `cause` says why: only an edit is an event for the app. */
  | {
      type: "message_changed";
      message: StoredMessage;
      cause: "edit" | "reaction" | "pin" | "reply";
      previous?: StoredMessage;
    }
  | { type: "message_deleted"; message: StoredMessage }
  | ({ type: "reaction_added"; name: string } & Item)
  | ({ type: "reaction_removed"; name: string } & Item)
  | ({ type: "pin_added" } & Item)
  | ({ type: "pin_removed" } & Item)
  | { type: "channel_created"; channel: Channel }
  | {
      type: "channel_changed";
      what: "renamed" | "archived" | "unarchived" | "topic" | "purpose";
      channel: Channel;
      user: string;
    }
  | { type: "member_joined"; channel: Channel; user: string; inviter?: string }
  | { type: "member_left"; channel: Channel; user: string }
  | { type: "bookmarks_changed"; channel: Channel }
  | { type: "channel_read"; channel: Channel; user: string }
  | { type: "view_opened"; view: StoredView }
  | { type: "view_updated"; view: StoredView }
  | { type: "views_closed"; user: string; views: readonly StoredView[] }
  | { type: "home_published"; view: StoredView }
  | { type: "home_opened"; user: string; channel: Channel; view: StoredView | null }
  | { type: "app_reachable"; reachable: boolean };
