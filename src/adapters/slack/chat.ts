import type { webApi } from "@slack/bolt";
import { UserError } from "../../domain/errors.ts";
import type { Chat, Directory } from "../../engine/ports.ts";
import { failureOf, failureText, refusalCode } from "./failure.ts";
import type { InstallationSource } from "./installation.ts";
import { readableText } from "./readable-text.ts";
import { neededScopes } from "./scopes.ts";

/** Whether crai hears Slack, and how. */
export interface SlackState {
  mode: "socket" | "http";
  connected: boolean;
  since: Date | null;
  why: string | null;
}

interface Message {
  ts?: string | undefined;
  text?: string | undefined;
  user?: string | undefined;
  bot_id?: string | undefined;
  username?: string | undefined;
}

const gone = new Set(["message_not_found", "thread_not_found", "channel_not_found", "not_in_channel"]);

export function createChat(options: {
  client: webApi.WebClient;
  directory: Directory;
  installation: InstallationSource;
  state: () => SlackState;
  /** Channels that crai may not write in, and why. */
  closed: ReadonlyMap<string, string>;
}): Chat {
  const { client, directory, installation, state, closed } = options;

  /** In the channel, else in a thread: history leaves replies out. */
  async function find(channel: string, ts: string): Promise<Message | undefined> {
    const exactly = { channel, oldest: ts, latest: ts, inclusive: true };
    const history = await client.conversations.history({ ...exactly, limit: 1 });
    const standing = (history.messages as Message[] | undefined)?.find((one) => one.ts === ts);
    if (standing !== undefined) return standing;
    const replies = await client.conversations.replies({ ...exactly, ts, limit: 10 });
    return (replies.messages as Message[] | undefined)?.find((one) => one.ts === ts);
  }

  async function nameOf(user: string): Promise<string> {
    return directory.displayName(user).catch(() => user);
  }

  async function linkTo(channel: string, ts: string): Promise<string | null> {
    try {
      return (await client.chat.getPermalink({ channel, message_ts: ts })).permalink ?? null;
    } catch (error) {
      if (failureOf(error) === undefined) throw error;
      return null;
    }
  }

  return {
    async message(channel, ts) {
      try {
        const message = await find(channel, ts);
        if (message === undefined) return null;
        const { user, text = "", bot_id, username } = message;
        return {
          text: await readableText(text, nameOf),
          author: user ?? bot_id ?? "",
          authorName: user === undefined ? (username ?? "a bot") : await nameOf(user),
          link: await linkTo(channel, ts),
        };
      } catch (error) {
        if (gone.has(refusalCode(error) ?? "")) return null;
        throw error;
      }
    },

    async check() {
      let me;
      try {
        me = await installation.ask();
      } catch (cause) {
        const failure = failureOf(cause);
        if (failure === undefined) throw cause;
        throw new UserError("Slack does not answer", {
          why: failureText(failure),
          next: "Check the network and status.slack.com. What is to be said waits and is not lost.",
          cause,
        });
      }
      const missing = me.scopes === null ? [] : neededScopes.filter((scope) => !me.scopes!.includes(scope));
      if (missing.length > 0)
        throw new UserError(
          `The Slack app lacks ${missing.length === 1 ? "a scope" : "scopes"}: ${missing.join(", ")}`,
          {
            why: "It was installed before manifest.yml asked for them.",
            next: "Update the app's manifest at api.slack.com/apps and reinstall it (docs/slack-app.md).",
          },
        );
      const { connected, mode, since, why } = state();
      if (!connected)
        throw new UserError("crai does not hear Slack", {
          why: why ?? "No connection stands at this moment.",
          next: "It keeps trying. If this lasts, check that Socket Mode is on and SLACK_APP_TOKEN has connections:write.",
        });
      if (closed.size > 0)
        throw new UserError(
          `Slack does not let crai write in ${[...closed].map(([channel, code]) => `${channel} (${code})`).join(", ")}`,
          {
            why: "crai was removed from it, or it is archived or private. What is to be said there waits for a day.",
            next: `Invite it there: /invite @${me.botName}. An archived channel has to be unarchived first.`,
          },
        );
      const how = mode === "socket" ? "Socket Mode" : "HTTP";
      return `${me.botName} in ${me.teamName} (${me.team}) by ${how}${since === null ? "" : `, since ${since.toISOString().slice(0, 16).replace("T", " ")} UTC`}`;
    },
  };
}
