import { z } from "zod";
import { SlackRefusal } from "../refusal.ts";
import { channelJson, userJson } from "../app/json.ts";
import type { User } from "../records.ts";
import type { Call } from "./method.ts";
import { arg, method, needScope, page } from "./method.ts";

function json(call: Call, user: User): object {
  return userJson(call.state, user, call.scopes.has("users:read.email"));
}

function find(call: Call, id: string): User {
  const user = call.state.users.get(id);
  if (user === undefined) throw new SlackRefusal("user_not_found");
  return user;
}

function groupJson(group: Call["state"]["userGroups"][number], call: Call, withUsers: boolean): object {
  const { id, handle, name, users } = group;
  return {
    id,
    team_id: call.state.team.id,
    is_usergroup: true,
    handle,
    name,
    description: "",
    is_external: false,
    date_delete: 0,
    user_count: users.length,
    ...(withUsers ? { users } : {}),
  };
}

export const userMethods = {
  "users.info": method({
    tier: 4,
    scopes: ["users:read"],
    args: z.looseObject({ user: z.string() }),
    run: ({ user }, call) => ({ user: json(call, find(call, user)) }),
  }),

  "users.list": method({
    tier: 2,
    scopes: ["users:read"],
    args: z.looseObject({ cursor: z.string().optional(), limit: arg.int.default(0) }),
    run({ cursor, limit }, call) {
      const { items, next_cursor } = page([...call.state.users.values()], limit || 1000, cursor);
      return {
        members: items.map((user) => json(call, user)),
        cache_ts: Math.floor(call.state.now() / 1000),
        response_metadata: { next_cursor },
      };
    },
  }),

  "users.lookupByEmail": method({
    tier: 3,
    scopes: ["users:read", "users:read.email"],
    args: z.looseObject({ email: z.string() }),
    run({ email }, call) {
      const user = [...call.state.users.values()].find(
        (one) => one.email?.toLowerCase() === email.toLowerCase(),
      );
      if (user === undefined) throw new SlackRefusal("users_not_found");
      return { user: json(call, user) };
    },
  }),

  /** The conversations the bot is in. */
  "users.conversations": method({
    tier: 3,
    args: z.looseObject({
      types: arg.list.default(["public_channel"]),
      exclude_archived: arg.bool.default(false),
      cursor: z.string().optional(),
      limit: arg.int.default(100),
    }),
    run({ types, exclude_archived, cursor, limit }, call) {
      const { state, actor } = call;
      const kinds = { public_channel: "public", private_channel: "private", im: "im", mpim: "mpim" } as const;
      for (const type of types) {
        const scope = {
          public_channel: "channels:read",
          private_channel: "groups:read",
          im: "im:read",
          mpim: "mpim:read",
        }[type];
        if (scope !== undefined) needScope(call, scope);
      }
      const wanted = types.map((type) => kinds[type as keyof typeof kinds] as string | undefined);
      const mine = [...state.channels.values()].filter(
        (channel) =>
          channel.members.has(actor) &&
          wanted.includes(channel.kind) &&
          !(exclude_archived && channel.is_archived),
      );
      const { items, next_cursor } = page(mine, limit, cursor);
      return {
        channels: items.map((one) => channelJson(state, one, actor)),
        response_metadata: { next_cursor },
      };
    },
  }),

  "usergroups.list": method({
    tier: 2,
    scopes: ["usergroups:read"],
    args: z.looseObject({ include_users: arg.bool.default(false) }),
    run: ({ include_users }, call) => ({
      usergroups: call.state.userGroups.map((group) => groupJson(group, call, include_users)),
    }),
  }),

  "usergroups.users.list": method({
    tier: 2,
    scopes: ["usergroups:read"],
    args: z.looseObject({ usergroup: z.string() }),
    run({ usergroup }, { state }) {
      const group = state.userGroups.find((one) => one.id === usergroup);
      if (group === undefined) throw new SlackRefusal("no_such_subteam");
      return { users: group.users };
    },
  }),
};
