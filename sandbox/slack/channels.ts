import { channelLimits } from "./limits.ts";
import { addMessage } from "./messages.ts";
import { SlackRefusal } from "./refusal.ts";
import type { Channel } from "./records.ts";
import type { State } from "./state.ts";

/** The rules of conversations: what both the app (Web API) and people (client API) go through. */

/** Private ones exist only for their members. Takes "C…", and for the app "#name" or "name" too. */
export function visibleChannel(state: State, viewer: string, idOrName: string): Channel {
  const name = idOrName.replace(/^#/, "");
  const channel =
    state.channels.get(idOrName) ??
    [...state.channels.values()].find((one) => one.kind !== "im" && one.name === name);
  if (channel === undefined || !canSee(channel, viewer)) throw new SlackRefusal("channel_not_found");
  return channel;
}

export function canSee(channel: Channel, viewer: string): boolean {
  return channel.kind === "public" || channel.members.has(viewer);
}

export function mustBeMember(channel: Channel, user: string): void {
  if (!channel.members.has(user)) throw new SlackRefusal("not_in_channel");
}

export function mustBeActive(channel: Channel): void {
  if (channel.is_archived) throw new SlackRefusal("is_archived");
}

function mustNotBeIm(channel: Channel): void {
  if (channel.kind === "im") throw new SlackRefusal("method_not_supported_for_channel_type");
}

/** docs.slack.dev/reference/methods/conversations.create, "naming"; nothing is corrected silently. */
function checkChannelName(state: State, name: string): void {
  if (name === "") throw new SlackRefusal("invalid_name_required");
  if (name.length > channelLimits.name) throw new SlackRefusal("invalid_name_maxlength");
  if (!/^[\p{Ll}\p{Lo}\p{N}_-]+$/u.test(name)) throw new SlackRefusal("invalid_name_specials");
  if (/^[_-]+$/.test(name)) throw new SlackRefusal("invalid_name_punctuation");
  const taken = [...state.channels.values()].some(
    (channel) => channel.kind !== "im" && channel.name === name,
  );
  if (taken) throw new SlackRefusal("name_taken");
}

function seconds(state: State): number {
  return Math.floor(state.now() / 1000);
}

function addChannel(
  state: State,
  rest: Pick<Channel, "id" | "name" | "kind" | "creator" | "members">,
): Channel {
  const channel: Channel = {
    ...rest,
    created: seconds(state),
    is_archived: false,
    topic: { value: "", creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
    previous_names: [],
    bookmarks: [],
    pins: [],
    read: new Map(),
  };
  state.channels.set(channel.id, channel);
  state.messages.set(channel.id, []);
  return channel;
}

export function createChannel(
  state: State,
  creator: string,
  given: { name: string; isPrivate: boolean },
): Channel {
  checkChannelName(state, given.name);
  const channel = addChannel(state, {
    id: state.newId("C"),
    name: given.name,
    kind: given.isPrivate ? "private" : "public",
    creator,
    members: new Set([creator]),
  });
  state.emit({ type: "channel_created", channel });
  announce(state, channel, {
    user: creator,
    subtype: "channel_join",
    text: `<@${creator}> has joined the channel`,
  });
  return channel;
}

/** The direct message of two users, made when there is none yet. */
export function openIm(state: State, user: string, other: string): { channel: Channel; isNew: boolean } {
  if (!state.users.has(other)) throw new SlackRefusal("user_not_found");
  const existing = [...state.channels.values()].find(
    (channel) => channel.kind === "im" && channel.members.has(user) && channel.members.has(other),
  );
  if (existing !== undefined) return { channel: existing, isNew: false };
  const channel = addChannel(state, {
    id: state.newId("D"),
    name: "",
    kind: "im",
    creator: user,
    members: new Set([user, other]),
  });
  state.emit({ type: "channel_created", channel });
  return { channel, isNew: true };
}

function announce(
  state: State,
  channel: Channel,
  message: { user: string; subtype: string; text: string; inviter?: string },
): void {
  addMessage(state, { channel: channel.id, ...message });
}

export function joinChannel(state: State, channel: Channel, user: string, inviter?: string): void {
  mustNotBeIm(channel);
  mustBeActive(channel);
  if (channel.members.has(user)) return;
  channel.members.add(user);
  const invited = inviter === undefined ? {} : { inviter };
  state.emit({ type: "member_joined", channel, user, ...invited });
  announce(state, channel, {
    user,
    subtype: "channel_join",
    text: `<@${user}> has joined the channel`,
    ...invited,
  });
}

export function leaveChannel(state: State, channel: Channel, user: string): void {
  mustNotBeIm(channel);
  mustBeActive(channel);
  if (!channel.members.delete(user)) return;
  state.emit({ type: "member_left", channel, user });
  announce(state, channel, { user, subtype: "channel_leave", text: `<@${user}> has left the channel` });
}

export function setTopic(state: State, channel: Channel, user: string, value: string): void {
  setHeadline(state, channel, { user, value, which: "topic" });
}

export function setPurpose(state: State, channel: Channel, user: string, value: string): void {
  setHeadline(state, channel, { user, value, which: "purpose" });
}

function setHeadline(
  state: State,
  channel: Channel,
  { user, value, which }: { user: string; value: string; which: "topic" | "purpose" },
): void {
  mustNotBeIm(channel);
  mustBeActive(channel);
  mustBeMember(channel, user);
  if (value.length > channelLimits.topic) throw new SlackRefusal("too_long");
  if (channel[which].value === value) return;
  channel[which] = { value, creator: user, last_set: seconds(state) };
  state.emit({ type: "channel_changed", what: which, channel, user });
  const text =
    value === ""
      ? `<@${user}> cleared the channel ${which}`
      : `<@${user}> set the channel ${which}: ${value}`;
  announce(state, channel, { user, subtype: `channel_${which}`, text });
}

/** Only its creator may rename a channel, as for any app without admin rights. */
export function renameChannel(state: State, channel: Channel, user: string, name: string): void {
  mustNotBeIm(channel);
  mustBeActive(channel);
  mustBeMember(channel, user);
  if (channel.creator !== user) throw new SlackRefusal("not_authorized");
  if (channel.name === name) return;
  checkChannelName(state, name);
  const old = channel.name;
  channel.previous_names.unshift(old);
  channel.name = name;
  state.emit({ type: "channel_changed", what: "renamed", channel, user });
  announce(state, channel, {
    user,
    subtype: "channel_name",
    text: `<@${user}> has renamed the channel from "${old}" to "${name}"`,
  });
}

export function archiveChannel(state: State, channel: Channel, user: string): void {
  mustNotBeIm(channel);
  if (channel.is_archived) throw new SlackRefusal("already_archived");
  mustBeMember(channel, user);
  announce(state, channel, { user, subtype: "channel_archive", text: `<@${user}> archived the channel` });
  channel.is_archived = true;
  state.emit({ type: "channel_changed", what: "archived", channel, user });
}

/** By a person: an app cannot, because archiving took it out of the channel. */
export function unarchiveChannel(state: State, channel: Channel, user: string): void {
  if (!channel.is_archived) throw new SlackRefusal("not_archived");
  channel.is_archived = false;
  channel.members.add(user);
  channel.members.delete(state.bot.user);
  state.emit({ type: "channel_changed", what: "unarchived", channel, user });
  announce(state, channel, {
    user,
    subtype: "channel_unarchive",
    text: `<@${user}> unarchived the channel`,
  });
}

/** A public channel becomes private: its ID and its members stay. */
export function makePrivate(channel: Channel): void {
  if (channel.kind !== "public") throw new SlackRefusal("method_not_supported_for_channel_type");
  channel.kind = "private";
}
