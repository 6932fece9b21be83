import { z } from "zod";

/**
 * What a person's Slack client (the page, and tests acting as people) says to the workspace, and hears from it.
 *
 * Calls: `POST /slack/client/<method>?as=<user id>` with the method's input as a JSON body, answered by
 * `{ ok: true, result }` or `{ ok: false, error, message }` (HTTP 200 either way; `error` is Slack's code where Slack
 * has one, `message` is for a person). Times in `ts` are Slack's: seconds with six decimals, as a string.
 * Changes: WebSocket `GET /slack/client/events?as=<user id>`, one JSON `ClientEvent` a frame, the first is `hello`.
 * After a reconnect read everything again: there is no replay.
 */

const text = z.looseObject({ type: z.string(), text: z.string() });

/** Any Block Kit block as the app sent it, with `block_id` and `action_id` filled in. */
const block = z.looseObject({ type: z.string(), block_id: z.string().optional() });
export type Block = z.infer<typeof block>;

export const option = z.looseObject({ text, value: z.string(), description: text.optional() });
export type Option = z.infer<typeof option>;

/**
 * What a person has set in one element, in the shape of Slack's `state.values[block_id][action_id]`.
 * Only the key that belongs to the element's type is given; nothing chosen is null (or an empty list).
 */
const elementState = z.object({
  type: z.string(),
  value: z.string().nullish(),
  selected_option: option.nullish(),
  selected_options: z.array(option).optional(),
  selected_user: z.string().nullish(),
  selected_users: z.array(z.string()).optional(),
  selected_channel: z.string().nullish(),
  selected_channels: z.array(z.string()).optional(),
  selected_conversation: z.string().nullish(),
  selected_conversations: z.array(z.string()).optional(),
  selected_date: z.string().nullish(),
  selected_time: z.string().nullish(),
  selected_date_time: z.number().nullish(),
  rich_text_value: block.optional(),
});
export type ElementState = z.infer<typeof elementState>;

/** block_id → action_id → what is set there. */
const stateValues = z.record(z.string(), z.record(z.string(), elementState));
export type StateValues = z.infer<typeof stateValues>;

const user = z.object({
  id: z.string(),
  /** Handle without "@". */
  name: z.string(),
  real_name: z.string(),
  title: z.string(),
  is_bot: z.boolean(),
});
export type User = z.infer<typeof user>;

const channel = z.object({
  id: z.string(),
  /** Without "#"; for a direct message the other person's name. */
  name: z.string(),
  is_private: z.boolean(),
  is_im: z.boolean(),
  is_archived: z.boolean(),
  is_member: z.boolean(),
  /** The other side of a direct message. */
  user: z.string().optional(),
  topic: z.string(),
  purpose: z.string(),
  /** Messages of others since this person last read the channel. */
  unread: z.number(),
  /** Of those, the ones that mention this person, a group they are in, or everyone. */
  unread_mentions: z.number(),
  member_count: z.number(),
});
export type Channel = z.infer<typeof channel>;

const reaction = z.object({ name: z.string(), count: z.number(), users: z.array(z.string()) });

const file = z.looseObject({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  mimetype: z.string(),
  alt_txt: z.string().optional(),
  size: z.number(),
  /** Path to fetch the bytes from, relative to the origin ("/slack/client/files/F…?as=U…"). */
  url_private: z.string(),
});
export type File = z.infer<typeof file>;

/** A message as Slack's JSON, without the app's metadata. */
const message = z.looseObject({
  type: z.literal("message"),
  /** Set on system messages (channel_join, channel_topic, channel_name, channel_archive, pinned_item, …). */
  subtype: z.string().optional(),
  channel: z.string(),
  ts: z.string(),
  /** Set on replies and on parents that have replies (then it equals `ts`). */
  thread_ts: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  username: z.string().optional(),
  icon_emoji: z.string().optional(),
  /** mrkdwn exactly as sent: `<@U…>`, `<!channel>`, `<#C…>`, `<https://…|label>`, `&amp;`. */
  text: z.string(),
  blocks: z.array(block).optional(),
  attachments: z.array(z.looseObject({})).optional(),
  files: z.array(file).optional(),
  edited: z.object({ user: z.string(), ts: z.string() }).optional(),
  reactions: z.array(reaction).optional(),
  is_pinned: z.boolean().optional(),
  /** Only this person sees it; it is gone when the workspace restarts, as in Slack. */
  is_ephemeral: z.boolean().optional(),
  reply_count: z.number().optional(),
  reply_users: z.array(z.string()).optional(),
  latest_reply: z.string().optional(),
});
export type Message = z.infer<typeof message>;

const view = z.looseObject({
  id: z.string(),
  type: z.enum(["modal", "home"]),
  callback_id: z.string(),
  title: text.optional(),
  submit: text.nullish(),
  close: text.nullish(),
  blocks: z.array(block),
  /** Initial values of inputs, so that the page can fill them in; the person's own edits stay in the page. */
  state: z.object({ values: stateValues }),
  /** Changes with each update. */
  hash: z.string(),
  root_view_id: z.string(),
  previous_view_id: z.string().nullable(),
});
export type View = z.infer<typeof view>;

const bookmark = z.object({
  id: z.string(),
  title: z.string(),
  link: z.string(),
  emoji: z.string().nullable(),
});
export type Bookmark = z.infer<typeof bookmark>;

const shortcut = z.object({
  type: z.enum(["message", "global"]),
  callback_id: z.string(),
  name: z.string(),
  description: z.string(),
});

const at = { channel: z.string(), ts: z.string() };

/** Where a pressed element stands. */
const container = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message"), ...at }),
  z.object({ type: z.literal("view"), view_id: z.string() }),
]);
export type Container = z.infer<typeof container>;

/**
 * delivered: the app answered in time. The others were said to the person as Slack does, in an ephemeral message of
 * Slackbot (command) or as `message` (action, shortcut), which the page shows beside what was pressed.
 */
const delivery = z.object({
  outcome: z.enum(["delivered", "unknown_command", "not_in_threads", "operation_timeout", "dispatch_failed"]),
  message: z.string().optional(),
});
export type Delivery = z.infer<typeof delivery>;

/** What became of a submitted modal. `errors`: shown under the inputs, the modal stays. */
const submission = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("errors"), errors: z.record(z.string(), z.string()) }),
  z.object({ outcome: z.literal("closed") }),
  z.object({ outcome: z.literal("cleared") }),
  z.object({ outcome: z.literal("updated"), view }),
  z.object({ outcome: z.literal("pushed"), view }),
  z.object({ outcome: z.literal("failed"), message: z.string() }),
]);
export type Submission = z.infer<typeof submission>;

const nothing = z.object({});

/** Every call: its input and its result. */
export const clientMethods = {
  whoami: {
    input: nothing,
    result: z.object({
      team: z.object({ id: z.string(), name: z.string(), domain: z.string() }),
      user,
      /** Everyone one may act as (the page's person switch). */
      people: z.array(user),
      /** Everyone a mention may name, bots too. */
      users: z.array(user),
      user_groups: z.array(
        z.object({ id: z.string(), handle: z.string(), name: z.string(), users: z.array(z.string()) }),
      ),
      app: z.object({ id: z.string(), name: z.string(), user: z.string(), bot_id: z.string() }),
      commands: z.array(z.object({ command: z.string(), description: z.string(), usage_hint: z.string() })),
      shortcuts: z.array(shortcut),
      /** Whether the app is connected now (Socket Mode) or has a request URL. */
      app_reachable: z.boolean(),
    }),
  },

  /** Public channels, and private ones and direct messages the person is in; archived ones too. */
  "channels.list": { input: nothing, result: z.object({ channels: z.array(channel) }) },
  "channel.members": {
    input: z.object({ channel: z.string() }),
    result: z.object({ members: z.array(user) }),
  },
  /** Oldest first; replies are left out except those also sent to the channel; the person's ephemerals are in place. */
  "channel.history": {
    input: z.object({
      channel: z.string(),
      before: z.string().optional(),
      limit: z.number().int().min(1).max(1000).optional(),
    }),
    result: z.object({ messages: z.array(message), has_more: z.boolean() }),
  },
  /** The parent first, then its replies, oldest first. */
  "thread.replies": {
    input: z.object({ channel: z.string(), thread_ts: z.string() }),
    result: z.object({ messages: z.array(message) }),
  },
  "channel.bookmarks": {
    input: z.object({ channel: z.string() }),
    result: z.object({ bookmarks: z.array(bookmark) }),
  },
  "channel.pins": {
    input: z.object({ channel: z.string() }),
    result: z.object({ messages: z.array(message) }),
  },
  "channel.join": { input: z.object({ channel: z.string() }), result: z.object({ channel }) },
  "channel.leave": { input: z.object({ channel: z.string() }), result: nothing },
  "channel.create": {
    input: z.object({ name: z.string(), is_private: z.boolean().optional() }),
    result: z.object({ channel }),
  },
  /** `/invite @somebody`, the app for one. */
  "channel.invite": { input: z.object({ channel: z.string(), user: z.string() }), result: nothing },
  /** `/remove @somebody`. */
  "channel.remove": { input: z.object({ channel: z.string(), user: z.string() }), result: nothing },
  "channel.archive": { input: z.object({ channel: z.string() }), result: nothing },
  "channel.unarchive": { input: z.object({ channel: z.string() }), result: nothing },
  /** Its members stay; nobody else sees it any more. */
  "channel.make_private": { input: z.object({ channel: z.string() }), result: nothing },
  /** Sets unread to what came after `ts` (the newest message when it is left out). */
  "channel.read": { input: z.object({ channel: z.string(), ts: z.string().optional() }), result: nothing },
  /** Opens (or finds) the direct message with somebody, the app for one. */
  "im.open": { input: z.object({ user: z.string() }), result: z.object({ channel }) },

  "message.post": {
    input: z.object({
      channel: z.string(),
      text: z.string().min(1),
      thread_ts: z.string().optional(),
      reply_broadcast: z.boolean().optional(),
    }),
    result: z.object({ message }),
  },
  "message.edit": { input: z.object({ ...at, text: z.string().min(1) }), result: z.object({ message }) },
  "message.delete": { input: z.object(at), result: nothing },
  /** `name` without colons. */
  "reaction.add": { input: z.object({ ...at, name: z.string() }), result: nothing },
  "reaction.remove": { input: z.object({ ...at, name: z.string() }), result: nothing },
  "pin.add": { input: z.object(at), result: nothing },
  "pin.remove": { input: z.object(at), result: nothing },

  /** `text` is the whole line, slash and command included. Resolves when the app acknowledged or Slack gave up (3 s). */
  "command.run": {
    input: z.object({
      channel: z.string(),
      text: z.string().startsWith("/"),
      thread_ts: z.string().optional(),
    }),
    result: delivery,
  },
  /** A press or a choice. Confirm dialogs are the page's: call this only after yes. A button needs no `chosen`. */
  "action.run": {
    input: z.object({
      container,
      block_id: z.string(),
      action_id: z.string(),
      chosen: elementState.optional(),
      /** All inputs of that message or view as they stand now. */
      state: stateValues.optional(),
    }),
    result: delivery,
  },
  /** From `whoami.shortcuts`; `channel` and `ts` name the message of a message shortcut. */
  "shortcut.run": {
    input: z.object({ callback_id: z.string(), channel: z.string().optional(), ts: z.string().optional() }),
    result: delivery,
  },

  /** The open modals of this person, the topmost last. */
  "views.list": { input: nothing, result: z.object({ views: z.array(view) }) },
  "view.submit": { input: z.object({ view_id: z.string(), state: stateValues }), result: submission },
  /** `all`: the X (the whole stack); otherwise the close button (this view; the one below shows again). */
  "view.close": { input: z.object({ view_id: z.string(), all: z.boolean().optional() }), result: nothing },
  /** The app's Home tab as it stands, without a visit that the app would hear of. */
  "home.view": { input: nothing, result: z.object({ view: view.nullable() }) },
  /** Opens the app's Home tab (the app hears app_home_opened); null until the app has published one. */
  "home.open": { input: nothing, result: z.object({ view: view.nullable() }) },
} as const satisfies Record<string, { input: z.ZodType; result: z.ZodType }>;

export type ClientMethod = keyof typeof clientMethods;
export type ClientInput<M extends ClientMethod> = z.input<(typeof clientMethods)[M]["input"]>;
export type ClientResult<M extends ClientMethod> = z.infer<(typeof clientMethods)[M]["result"]>;

export interface ClientFailure {
  ok: false;
  error: string;
  message: string;
}

/** What the WebSocket pushes; only what this person may see. */
export const clientEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), user: z.string() }),
  /** A new message, ephemeral ones too (`is_ephemeral`). A reply also brings `message_changed` of its parent. */
  z.object({ type: z.literal("message"), channel: z.string(), message }),
  /** Edited, or its reactions, pin or replies changed: replace the message of the same `ts`. */
  z.object({ type: z.literal("message_changed"), channel: z.string(), message }),
  z.object({ type: z.literal("message_deleted"), ...at, thread_ts: z.string().optional() }),
  /** `message_changed` follows both kinds; these say who and what. */
  z.object({ type: z.literal("reaction_added"), ...at, user: z.string(), name: z.string() }),
  z.object({ type: z.literal("reaction_removed"), ...at, user: z.string(), name: z.string() }),
  z.object({ type: z.literal("pin_added"), ...at, user: z.string() }),
  z.object({ type: z.literal("pin_removed"), ...at, user: z.string() }),
  /** The person can see this channel from now on: created, or invited to. */
  z.object({ type: z.literal("channel_added"), channel }),
  /** Also comes when unread counts change. */
  z.object({
    type: z.literal("channel_changed"),
    change: z.enum(["renamed", "archived", "unarchived", "topic", "purpose", "members", "unread"]),
    channel,
  }),
  z.object({ type: z.literal("channel_removed"), channel: z.string() }),
  z.object({ type: z.literal("member_joined"), channel: z.string(), user: z.string() }),
  z.object({ type: z.literal("member_left"), channel: z.string(), user: z.string() }),
  z.object({ type: z.literal("bookmarks_changed"), channel: z.string(), bookmarks: z.array(bookmark) }),
  /** Opened or pushed: it is the topmost now. */
  z.object({ type: z.literal("view_opened"), view }),
  /** Replace by id. */
  z.object({ type: z.literal("view_updated"), view }),
  /** These are gone; the topmost of the rest shows. */
  z.object({ type: z.literal("views_closed"), view_ids: z.array(z.string()) }),
  z.object({ type: z.literal("home_published"), view }),
  z.object({ type: z.literal("app_reachable"), reachable: z.boolean() }),
]);
export type ClientEvent = z.infer<typeof clientEvent>;
