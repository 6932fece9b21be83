import { z } from "zod";
import { channelJson } from "../app/json.ts";
import { joinChannel, leaveChannel, mustBeActive, mustBeMember, visibleChannel } from "../channels.ts";
import { channelLimits } from "../limits.ts";
import type { Channel } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { Call } from "./method.ts";
import { arg, method, needChannelScope, needScope, page } from "./method.ts";

function inviteProblem(call: Call, channel: Channel, user: string): string | undefined {
  if (!call.state.users.has(user)) return "user_not_found";
  if (user === call.actor) return "cant_invite_self";
  return channel.members.has(user) ? "already_in_channel" : undefined;
}

/** Who is in a channel. */
export const memberMethods = {
  "conversations.members": method({
    tier: 4,
    args: z.looseObject({ channel: z.string(), limit: arg.int.default(100), cursor: z.string().optional() }),
    run({ channel: id, limit, cursor }, call) {
      const channel = visibleChannel(call.state, call.actor, id);
      needChannelScope(call, channel, "read");
      const { items, next_cursor } = page([...channel.members], limit, cursor);
      return { members: items, response_metadata: { next_cursor } };
    },
  }),

  /** All or nobody, unless `force`. */
  "conversations.invite": method({
    tier: 3,
    args: z.looseObject({ channel: z.string(), users: arg.list, force: arg.bool.default(false) }),
    run({ channel: id, users, force }, call) {
      const { state, actor } = call;
      const channel = visibleChannel(state, actor, id);
      needScope(call, channel.kind === "private" ? "groups:write" : "channels:manage");
      mustBeActive(channel);
      mustBeMember(channel, actor);
      if (users.length === 0) throw new SlackRefusal("no_user");
      if (users.length > channelLimits.invitesAtOnce) throw new SlackRefusal("too_many_users");
      const errors = users.flatMap((user) => {
        const error = inviteProblem(call, channel, user);
        return error === undefined ? [] : [{ user, ok: false, error }];
      });
      const [first] = errors;
      if (first !== undefined && (!force || errors.length === users.length)) {
        throw new SlackRefusal(first.error, [], { errors });
      }
      for (const user of users) {
        if (!errors.some((error) => error.user === user)) joinChannel(state, channel, user, actor);
      }
      return { channel: channelJson(state, channel, actor), ...(errors.length > 0 ? { errors } : {}) };
    },
  }),

  "conversations.kick": method({
    tier: 3,
    args: z.looseObject({ channel: z.string(), user: z.string() }),
    run({ channel: id, user }, call) {
      const channel = visibleChannel(call.state, call.actor, id);
      needChannelScope(call, channel, "write");
      mustBeMember(channel, call.actor);
      if (user === call.actor) throw new SlackRefusal("cant_kick_self");
      if (!channel.members.has(user)) throw new SlackRefusal("not_in_channel");
      leaveChannel(call.state, channel, user);
      return {};
    },
  }),

  "conversations.join": method({
    tier: 3,
    scopes: ["channels:join"],
    args: z.looseObject({ channel: z.string() }),
    run({ channel: id }, { state, actor }) {
      const channel = visibleChannel(state, actor, id);
      if (channel.kind !== "public") throw new SlackRefusal("method_not_supported_for_channel_type");
      const wasMember = channel.members.has(actor);
      joinChannel(state, channel, actor);
      return {
        channel: channelJson(state, channel, actor),
        ...(wasMember
          ? { warning: "already_in_channel", response_metadata: { warnings: ["already_in_channel"] } }
          : {}),
      };
    },
  }),

  "conversations.leave": method({
    tier: 3,
    args: z.looseObject({ channel: z.string() }),
    run({ channel: id }, call) {
      const channel = visibleChannel(call.state, call.actor, id);
      needChannelScope(call, channel, "write");
      if (!channel.members.has(call.actor)) return { not_in_channel: true };
      leaveChannel(call.state, channel, call.actor);
      return {};
    },
  }),
};
