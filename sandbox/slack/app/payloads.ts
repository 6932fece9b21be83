import type { Channel } from "../records.ts";
import type { State } from "../state.ts";

/** Every payload carries it; apps check signatures instead. */
export const verificationToken = "sandbox-verification-token";

/** Slack does not name direct messages and private channels to a slash command. */
function channelNameIn(channel: Channel): string {
  return { public: channel.name, private: "privategroup", im: "directmessage" }[channel.kind];
}

interface CommandContext {
  user: string;
  channel: Channel;
  responseUrl: string;
  trigger: string;
}

/** The fields of a slash command's payload, beside `command` and `text`. */
export function commandPayload(state: State, context: CommandContext): Record<string, string> {
  const { user, channel, responseUrl, trigger } = context;
  return {
    token: verificationToken,
    team_id: state.team.id,
    team_domain: state.team.domain,
    channel_id: channel.id,
    channel_name: channelNameIn(channel),
    user_id: user,
    user_name: state.users.get(user)?.name ?? "",
    api_app_id: state.bot.appId,
    is_enterprise_install: "false",
    response_url: responseUrl,
    trigger_id: trigger,
  };
}

/** The fields that every interaction's payload has. */
export function interactionPayload(state: State, user: string): Record<string, unknown> {
  const name = state.users.get(user)?.name ?? "";
  return {
    token: verificationToken,
    api_app_id: state.bot.appId,
    team: { id: state.team.id, domain: state.team.domain },
    user: { id: user, username: name, name, team_id: state.team.id },
    enterprise: null,
    is_enterprise_install: false,
  };
}

export function channelNamed(channel: Channel): { id: string; name: string } {
  return { id: channel.id, name: channelNameIn(channel) };
}
