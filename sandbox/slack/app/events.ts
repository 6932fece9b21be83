import type { Change } from "../changes.ts";
import { mentionedUsers } from "../mentions.ts";
import type { Channel } from "../records.ts";
import type { State } from "../state.ts";
import { channelJson, channelType, messageJson, viewJson } from "./json.ts";

type ChangeOf<T extends Change["type"]> = Extract<Change, { type: T }>;

/** An event and the bot_events subscription of the manifest it needs. */
interface AppEvent {
  subscription: string;
  event: Record<string, unknown>;
}

const messageSubscriptions = {
  public: "message.channels",
  private: "message.groups",
  im: "message.im",
} as const;

function messageEvent(channel: Channel, event: Record<string, unknown>): AppEvent {
  return {
    subscription: messageSubscriptions[channel.kind],
    event: { type: "message", channel: channel.id, channel_type: channelType(channel), ...event },
  };
}

function posted(state: State, { message }: ChangeOf<"message_posted">, channel: Channel): AppEvent[] {
  if (message.only_for !== undefined) return [];
  const json = messageJson(state, message, true);
  const events = [messageEvent(channel, { ...json, event_ts: message.ts })];
  const isMention =
    channel.kind !== "im" && message.subtype === undefined && mentionedUsers(message).has(state.bot.user);
  if (isMention) {
    events.push({
      subscription: "app_mention",
      event: { ...json, type: "app_mention", channel: channel.id, event_ts: message.ts },
    });
  }
  return events;
}

const changedNames = {
  renamed: ["channel_rename", "group_rename"],
  archived: ["channel_archive", "group_archive"],
  unarchived: ["channel_unarchive", "group_unarchive"],
} as const;

function channelChanged(state: State, change: ChangeOf<"channel_changed">): AppEvent[] {
  const { what, channel, user } = change;
  if (what === "topic" || what === "purpose") return [];
  const type = changedNames[what][channel.kind === "public" ? 0 : 1];
  const named = { id: channel.id, name: channel.name, created: channel.created };
  const event = what === "renamed" ? { type, channel: named } : { type, channel: channel.id, user };
  return [{ subscription: type, event: { ...event, event_ts: state.nextTs() } }];
}

function pinned(state: State, change: ChangeOf<"pin_added" | "pin_removed">): AppEvent[] {
  const { type, channel, message, user } = change;
  const pin = channel.pins.find((one) => one.ts === message.ts);
  const item = {
    type: "message",
    channel: channel.id,
    created: pin?.created ?? Math.floor(state.now() / 1000),
    created_by: pin?.user ?? user,
    message: messageJson(state, message, true),
  };
  const pins = { pin_count: channel.pins.length, pinned_info: {}, has_pins: channel.pins.length > 0 };
  const event = { type, user, channel_id: channel.id, item, item_user: message.user, ...pins };
  return [{ subscription: type, event: { ...event, event_ts: state.nextTs() } }];
}

function reacted(state: State, change: ChangeOf<"reaction_added" | "reaction_removed">): AppEvent[] {
  const { type, channel, message, user, name } = change;
  const item = { type: "message", channel: channel.id, ts: message.ts };
  const event = { type, user, reaction: name, item, item_user: message.user };
  return [{ subscription: type, event: { ...event, event_ts: state.nextTs() } }];
}

/** The edit itself is the event; reactions, pins and replies have events of their own. */
function edited(state: State, change: ChangeOf<"message_changed">, channel: Channel): AppEvent[] {
  if (change.cause !== "edit" || change.message.only_for !== undefined) return [];
  return [
    messageEvent(channel, {
      subtype: "message_changed",
      hidden: true,
      message: messageJson(state, change.message, true),
      ...(change.previous === undefined
        ? {}
        : { previous_message: messageJson(state, change.previous, true) }),
      ts: state.nextTs(),
      event_ts: state.nextTs(),
    }),
  ];
}

function deleted(state: State, change: ChangeOf<"message_deleted">, channel: Channel): AppEvent[] {
  if (change.message.only_for !== undefined) return [];
  return [
    messageEvent(channel, {
      subtype: "message_deleted",
      hidden: true,
      deleted_ts: change.message.ts,
      previous_message: messageJson(state, change.message, true),
      ts: state.nextTs(),
      event_ts: state.nextTs(),
    }),
  ];
}

function created(state: State, _change: ChangeOf<"channel_created">, channel: Channel): AppEvent[] {
  if (channel.kind !== "public") return [];
  const event = { type: "channel_created", channel: channelJson(state, channel, state.bot.user) };
  return [{ subscription: event.type, event }];
}

function membership(
  state: State,
  change: ChangeOf<"member_joined" | "member_left">,
  channel: Channel,
): AppEvent[] {
  const type = `${change.type}_channel`;
  const inviter =
    change.type === "member_joined" && change.inviter !== undefined ? { inviter: change.inviter } : {};
  const channel_type = channel.kind === "public" ? "C" : "G";
  const event = {
    type,
    user: change.user,
    channel: channel.id,
    channel_type,
    team: state.team.id,
    ...inviter,
  };
  return [{ subscription: type, event: { ...event, event_ts: state.nextTs() } }];
}

function homeOpened(state: State, change: ChangeOf<"home_opened">, channel: Channel): AppEvent[] {
  const view = change.view === null ? {} : { view: viewJson(state, change.view) };
  const event = { type: "app_home_opened", user: change.user, channel: channel.id, tab: "home", ...view };
  return [{ subscription: event.type, event: { ...event, event_ts: state.nextTs() } }];
}

/** What Slack would tell the app about a change, before asking what it subscribed to; the rest are no events. */
const tellers: {
  [T in Change["type"]]?: (state: State, change: ChangeOf<T>, channel: Channel) => AppEvent[];
} = {
  message_posted: posted,
  message_changed: edited,
  message_deleted: deleted,
  reaction_added: reacted,
  reaction_removed: reacted,
  pin_added: pinned,
  pin_removed: pinned,
  channel_created: created,
  channel_changed: channelChanged,
  member_joined: membership,
  member_left: membership,
  home_opened: homeOpened,
};

function channelOf(state: State, change: Change): Channel | undefined {
  if ("channel" in change) return change.channel;
  return "message" in change ? state.channels.get(change.message.channel) : undefined;
}

/** Public facts about channels reach an app that is not in them; all else needs membership. */
const needsNoMembership = new Set([
  "channel_created",
  "channel_rename",
  "channel_archive",
  "channel_unarchive",
]);

/** The events the app subscribed to and may see. */
export function appEvents(state: State, change: Change): Record<string, unknown>[] {
  const channel = channelOf(state, change);
  const tell = tellers[change.type] as
    | ((state: State, change: Change, channel: Channel) => AppEvent[])
    | undefined;
  if (channel === undefined || tell === undefined) return [];
  const subscribed = new Set(state.manifest.settings.event_subscriptions.bot_events);
  const isMember = channel.members.has(state.bot.user);
  return tell(state, change, channel)
    .filter(
      ({ subscription }) => subscribed.has(subscription) && (isMember || needsNoMembership.has(subscription)),
    )
    .map(({ event }) => event);
}
