import { z } from "zod";
import { channelJson, messageJson } from "../app/json.ts";
import {
  archiveChannel,
  canSee,
  createChannel,
  mustBeMember,
  openIm,
  renameChannel,
  setPurpose,
  setTopic,
  visibleChannel,
} from "../channels.ts";
import { messagesIn, findMessage, repliesOf, standsInChannel } from "../messages.ts";
import { SlackRefusal } from "../refusal.ts";
import type { Channel } from "../records.ts";
import type { Call } from "./method.ts";
import { arg, method, needChannelScope, needScope, page } from "./method.ts";

const inChannel = { channel: z.string() };

const kinds = { public_channel: "public", private_channel: "private", im: "im", mpim: null } as const;
const readScopes = { public: "channels:read", private: "groups:read", im: "im:read" } as const;

function channelFor(call: Call, id: string, verb: "history" | "read" | "write"): Channel {
  const channel = visibleChannel(call.state, call.actor, id);
  needChannelScope(call, channel, verb);
  return channel;
}

const range = {
  oldest: z.string().optional(),
  latest: z.string().optional(),
  inclusive: arg.bool.default(false),
  limit: arg.int.default(100),
  cursor: z.string().optional(),
  include_all_metadata: arg.bool.default(false),
};

type Range = Pick<z.infer<z.ZodObject<typeof range>>, "oldest" | "latest" | "inclusive">;

function isInRange(ts: string, { oldest, latest, inclusive }: Range): boolean {
  const at = Number(ts);
  if (inclusive && (ts === oldest || ts === latest)) return true;
  return (oldest === undefined || at > Number(oldest)) && (latest === undefined || at < Number(latest));
}

function limited(limit: number): number {
  return Math.min(Math.max(limit, 1), 999);
}

export const conversationMethods = {
  "conversations.list": method({
    tier: 2,
    args: z.looseObject({
      types: arg.list.default(["public_channel"]),
      exclude_archived: arg.bool.default(false),
      limit: arg.int.default(100),
      cursor: z.string().optional(),
    }),
    run({ types, exclude_archived, limit, cursor }, call) {
      const { state, actor } = call;
      const wanted = types.map((type) => {
        if (!(type in kinds)) throw new SlackRefusal("invalid_types");
        return kinds[type as keyof typeof kinds];
      });
      for (const kind of wanted) needScope(call, kind === null ? "mpim:read" : readScopes[kind]);
      const all = [...state.channels.values()].filter(
        (channel) =>
          wanted.includes(channel.kind) &&
          canSee(channel, actor) &&
          !(exclude_archived && channel.is_archived),
      );
      const { items, next_cursor } = page(all, limited(limit), cursor);
      return {
        channels: items.map((one) => ({ ...channelJson(state, one, actor), num_members: one.members.size })),
        response_metadata: { next_cursor },
      };
    },
  }),

  "conversations.info": method({
    tier: 3,
    args: z.looseObject({ ...inChannel, include_num_members: arg.bool.default(false) }),
    run(args, call) {
      const channel = channelFor(call, args.channel, "read");
      const count = args.include_num_members ? { num_members: channel.members.size } : {};
      return { channel: { ...channelJson(call.state, channel, call.actor), ...count } };
    },
  }),

  "conversations.create": method({
    tier: 2,
    args: z.looseObject({ name: z.string().default(""), is_private: arg.bool.default(false) }),
    run({ name, is_private }, call) {
      needScope(call, is_private ? "groups:write" : "channels:manage");
      const channel = createChannel(call.state, call.actor, { name, isPrivate: is_private });
      return { channel: channelJson(call.state, channel, call.actor) };
    },
  }),

  "conversations.rename": method({
    tier: 2,
    args: z.looseObject({ ...inChannel, name: z.string().default("") }),
    run(args, call) {
      const channel = channelFor(call, args.channel, "write");
      renameChannel(call.state, channel, call.actor, args.name);
      return { channel: channelJson(call.state, channel, call.actor) };
    },
  }),

  "conversations.setTopic": method({
    tier: 2,
    args: z.looseObject({ ...inChannel, topic: z.string() }),
    run(args, call) {
      const channel = channelFor(call, args.channel, "write");
      setTopic(call.state, channel, call.actor, args.topic);
      return { channel: channelJson(call.state, channel, call.actor) };
    },
  }),

  "conversations.setPurpose": method({
    tier: 2,
    args: z.looseObject({ ...inChannel, purpose: z.string() }),
    run(args, call) {
      const channel = channelFor(call, args.channel, "write");
      setPurpose(call.state, channel, call.actor, args.purpose);
      return { purpose: args.purpose, channel: channelJson(call.state, channel, call.actor) };
    },
  }),

  "conversations.archive": method({
    tier: 2,
    args: z.looseObject(inChannel),
    run(args, call) {
      const channel = channelFor(call, args.channel, "write");
      if (channel.name === "general") throw new SlackRefusal("cant_archive_general");
      archiveChannel(call.state, channel, call.actor);
      return {};
    },
  }),

  /** Slack does not let a bot unarchive: archiving took it out of the channel. */
  "conversations.unarchive": method({
    tier: 2,
    args: z.looseObject(inChannel),
    run(args, call) {
      const channel = channelFor(call, args.channel, "write");
      throw new SlackRefusal(channel.is_archived ? "not_in_channel" : "not_archived");
    },
  }),

  "conversations.open": method({
    tier: 3,
    scopes: ["im:write"],
    args: z.looseObject({ users: arg.list, return_im: arg.bool.default(false) }),
    run({ users, return_im }, { state, actor }) {
      const [user, ...more] = users;
      if (user === undefined) throw new SlackRefusal("users_list_not_supplied");
      if (more.length > 0)
        throw new SlackRefusal("not_supported", ["the sandbox has no group direct messages"]);
      const { channel, isNew } = openIm(state, actor, user);
      const json = return_im ? channelJson(state, channel, actor) : { id: channel.id };
      return { ...(isNew ? {} : { no_op: true, already_open: true }), channel: json };
    },
  }),

  "conversations.history": method({
    tier: 3,
    args: z.looseObject({ ...inChannel, ...range }),
    run(args, call) {
      const { state } = call;
      const channel = channelFor(call, args.channel, "history");
      mustBeMember(channel, call.actor);
      const all = messagesIn(state, channel.id)
        .filter((one) => one.only_for === undefined && standsInChannel(one) && isInRange(one.ts, args))
        .reverse();
      const { items, next_cursor } = page(all, limited(args.limit), args.cursor);
      return {
        messages: items.map((one) => messageJson(state, one, args.include_all_metadata)),
        has_more: next_cursor !== "",
        pin_count: channel.pins.length,
        ...(next_cursor === "" ? {} : { response_metadata: { next_cursor } }),
      };
    },
  }),

  "conversations.replies": method({
    tier: 3,
    args: z.looseObject({ ...inChannel, ts: z.string(), ...range }),
    run(args, call) {
      const { state } = call;
      const channel = channelFor(call, args.channel, "history");
      mustBeMember(channel, call.actor);
      const asked = findMessage(state, channel.id, args.ts);
      const parent = asked && findMessage(state, channel.id, asked.thread_ts ?? asked.ts);
      if (parent === undefined) throw new SlackRefusal("thread_not_found");
      const replies = repliesOf(state, parent).filter((one) => isInRange(one.ts, args));
      const { items, next_cursor } = page([parent, ...replies], limited(args.limit), args.cursor);
      return {
        messages: items.map((one) => messageJson(state, one, args.include_all_metadata)),
        has_more: next_cursor !== "",
        ...(next_cursor === "" ? {} : { response_metadata: { next_cursor } }),
      };
    },
  }),
};
