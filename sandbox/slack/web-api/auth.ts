import { z } from "zod";
import { SlackRefusal } from "../refusal.ts";
import { method } from "./method.ts";

/** Who the token is, the workspace, and Socket Mode's door. */
export const authMethods = {
  "api.test": method({ tier: "none", token: "any", args: z.looseObject({}), run: (args) => ({ args }) }),

  "auth.test": method({
    tier: "none",
    args: z.looseObject({}),
    run: (_args, { state, board }) => ({
      url: board.webUrl(),
      team: state.team.name,
      user: state.bot.name,
      team_id: state.team.id,
      user_id: state.bot.user,
      bot_id: state.bot.id,
      is_enterprise_install: false,
    }),
  }),

  "apps.connections.open": method({
    tier: 1,
    token: "app",
    args: z.looseObject({}),
    run: (_args, call) => ({ url: call.newSocketUrl() }),
  }),

  "team.info": method({
    tier: 3,
    scopes: ["team:read"],
    args: z.looseObject({}),
    run: (_args, { state, board }) => ({
      team: { ...state.team, email_domain: "", icon: {}, url: board.webUrl() },
    }),
  }),

  "bots.info": method({
    tier: 3,
    scopes: ["users:read"],
    args: z.looseObject({ bot: z.string().optional() }),
    run({ bot }, { state }) {
      if (bot !== undefined && bot !== state.bot.id) throw new SlackRefusal("bot_not_found");
      const { id, user, name, appId } = state.bot;
      return { bot: { id, deleted: false, name, updated: 0, app_id: appId, user_id: user, icons: {} } };
    },
  }),
};
