import { repliesOf } from "../messages.ts";
import type { Bookmark, Channel, StoredFile, StoredMessage, StoredView, User } from "../records.ts";
import type { State } from "../state.ts";

/** The workspace's things as Slack's JSON, as the app sees them. */

export function userJson(state: State, user: User, withEmail: boolean): object {
  return {
    id: user.id,
    team_id: state.team.id,
    name: user.name,
    deleted: false,
    real_name: user.real_name,
    tz: "Etc/UTC",
    tz_label: "Coordinated Universal Time",
    tz_offset: 0,
    profile: {
      title: user.title,
      real_name: user.real_name,
      real_name_normalized: user.real_name,
      display_name: user.real_name,
      display_name_normalized: user.real_name,
      ...(withEmail && user.email !== null ? { email: user.email } : {}),
      team: state.team.id,
    },
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_bot: user.is_bot && user.id === state.bot.user,
    is_app_user: false,
    updated: 0,
  };
}

export function channelJson(state: State, channel: Channel, viewer: string): object {
  const { id, name, kind, created, creator, is_archived, topic, purpose, previous_names } = channel;
  const isIm = kind === "im";
  const other = [...channel.members].find((member) => member !== viewer) ?? viewer;
  return {
    id,
    ...(isIm ? { user: other } : { name, name_normalized: name }),
    is_channel: kind === "public",
    is_group: false,
    is_im: isIm,
    is_mpim: false,
    is_private: kind !== "public",
    is_archived,
    is_general: name === "general",
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    is_member: channel.members.has(viewer),
    created,
    creator,
    context_team_id: state.team.id,
    topic,
    purpose,
    previous_names,
  };
}

/** The fields of Slack's channel_type in events. */
export function channelType(channel: Channel): "channel" | "group" | "im" {
  return ({ public: "channel", private: "group", im: "im" } as const)[channel.kind];
}

export function messageJson(
  state: State,
  message: StoredMessage,
  withMetadata = false,
): Record<string, unknown> {
  const { channel, broadcast, only_for, files, reactions, metadata, ...rest } = message;
  const replies = only_for === undefined ? repliesOf(state, message) : [];
  const isPinned = state.channels.get(channel)?.pins.some((pin) => pin.ts === message.ts) ?? false;
  return {
    ...rest,
    ...(only_for === undefined ? { team: state.team.id } : { is_ephemeral: true }),
    ...(broadcast ? { subtype: "thread_broadcast" } : {}),
    ...(files === undefined ? {} : { files: files.map((id) => fileJson(state, id)), upload: false }),
    ...(withMetadata && metadata !== undefined ? { metadata } : {}),
    ...(reactions.length > 0
      ? { reactions: reactions.map((one) => ({ ...one, count: one.users.length })) }
      : {}),
    ...(isPinned ? { pinned_to: [channel] } : {}),
    ...(replies.length > 0
      ? {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          reply_users_count: new Set(replies.map((reply) => reply.user)).size,
          latest_reply: replies.at(-1)!.ts,
        }
      : {}),
  };
}

/** Channel → the messages there that show the file; the way to learn the `ts` of an upload. */
function sharesIn(state: State, file: StoredFile, kind: Channel["kind"]): Record<string, object[]> {
  const shares = file.shares.filter(({ channel }) => state.channels.get(channel)?.kind === kind);
  return Object.fromEntries(
    shares.map(({ channel, ts }) => [
      channel,
      [
        {
          ts,
          channel_name: state.channels.get(channel)?.name,
          team_id: state.team.id,
          share_user_id: file.user,
          source: "UNKNOWN",
          reply_count: 0,
          reply_users_count: 0,
          is_silent_share: false,
        },
      ],
    ]),
  );
}

export function fileJson(state: State, id: string): object {
  const file: StoredFile | undefined = state.files.get(id);
  if (file === undefined) return { id, mode: "tombstone" };
  const { name, title, mimetype, alt, size, user, created } = file;
  const shared = { public: sharesIn(state, file, "public"), private: sharesIn(state, file, "private") };
  return {
    id,
    created,
    timestamp: created,
    name,
    title,
    mimetype,
    filetype: name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "binary",
    user,
    user_team: state.team.id,
    size,
    mode: "hosted",
    ...(alt === undefined ? {} : { alt_txt: alt }),
    is_external: false,
    is_public: Object.keys(shared.public).length > 0,
    channels: Object.keys(shared.public),
    groups: Object.keys(shared.private),
    ims: [],
    shares: Object.fromEntries(Object.entries(shared).filter(([, one]) => Object.keys(one).length > 0)),
    permalink: `https://${state.team.domain}.slack.com/files/${user}/${id}/${encodeURIComponent(name)}`,
  };
}

export function viewJson(state: State, view: StoredView): object {
  const { user: _user, ...rest } = view;
  return {
    ...rest,
    team_id: state.team.id,
    app_id: state.bot.appId,
    app_installed_team_id: state.team.id,
    bot_id: state.bot.id,
  };
}

export function bookmarkJson(state: State, bookmark: Bookmark): object {
  return { ...bookmark, icon_url: null, entity_id: null, rank: "a", app_id: state.bot.appId };
}

/** A link as chat.getPermalink gives it, to the workspace's own page so that it opens there. */
export function permalink(webUrl: string, message: StoredMessage): string {
  const base = `${webUrl}archives/${message.channel}/p${message.ts.replace(".", "")}`;
  const isReply = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  return isReply ? `${base}?thread_ts=${message.thread_ts}&cid=${message.channel}` : base;
}
