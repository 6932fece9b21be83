import { App, HTTPReceiver, LogLevel, SocketModeReceiver, webApi } from "@slack/bolt";
import { onTestFinished } from "vitest";
import { listen } from "../../../sandbox/one-port.ts";
import { slack } from "../../../sandbox/seed.ts";
import { completeManifest } from "../../../sandbox/slack/manifest.ts";
import { createSlackWorkspace } from "../../../sandbox/slack/workspace.ts";

const botScopes =
  `app_mentions:read bookmarks:read bookmarks:write channels:history channels:join channels:manage
  channels:read chat:write commands files:read files:write groups:history groups:read groups:write im:history im:read
  im:write pins:read pins:write reactions:read reactions:write team:read usergroups:read users:read
  users:read.email`.split(/\s+/);

const botEvents =
  `app_home_opened app_mention member_joined_channel message.channels message.groups message.im pin_added
  pin_removed reaction_added reaction_removed`.split(/\s+/);

/** An app that may do and hear everything the workspace offers. */
export const manifest = completeManifest({
  display_information: { name: "crai" },
  features: {
    app_home: { home_tab_enabled: true },
    slash_commands: [{ command: "/crai", description: "Run a playbook", usage_hint: "rollback api" }],
    shortcuts: [
      { name: "Add to timeline", type: "message", callback_id: "note_message", description: "" },
      { name: "Declare an incident", type: "global", callback_id: "declare", description: "" },
    ],
  },
  oauth_config: {
    scopes: {
      bot: botScopes,
    },
  },
  settings: {
    event_subscriptions: {
      bot_events: botEvents,
    },
  },
});

type Options = Omit<Partial<Parameters<typeof createSlackWorkspace>[0]>, "requestUrl">;

/** A workspace on a port of its own, gone with the test. */
export async function startWorkspace(options: Options = {}) {
  const workspace = createSlackWorkspace({ manifest, ...options });
  const web = await listen(0);
  web.mount("/slack", workspace);
  onTestFinished(() => web.close());
  return { workspace, url: web.origin, apiUrl: `${web.origin}/slack/api/` };
}

/** A client as the app has it, that shows refusals at once instead of trying again. */
export function webClient(apiUrl: string, token: string = slack.bot.token): webApi.WebClient {
  return new webApi.WebClient(token, {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  });
}

/**
 * The real Bolt in Socket Mode; add listeners, then `start()`.
 * @param pongMs both how late a pong may be and how long the client waits before it reconnects: a busy machine drops
 *   healthy connections when it is short, so only tests of reconnecting shorten it
 */
export function socketModeApp(apiUrl: string, pongMs = 5000): App {
  const receiver = new SocketModeReceiver({
    appToken: slack.bot.appToken,
    clientPingTimeout: pongMs,
    installerOptions: { clientOptions: { slackApiUrl: apiUrl } },
    logger: silent(),
  });
  const app = new App({
    token: slack.bot.token,
    receiver,
    clientOptions: { slackApiUrl: apiUrl },
    logger: silent(),
  });
  onTestFinished(async () => {
    await app.stop();
  });
  return app;
}

/** The real Bolt behind signed HTTP; returns the request URL once it listens. */
export async function httpApp(apiUrl: string, prepare: (app: App) => void): Promise<string> {
  const receiver = new HTTPReceiver({ signingSecret: slack.signingSecret, logger: silent() });
  const app = new App({
    token: slack.bot.token,
    receiver,
    clientOptions: { slackApiUrl: apiUrl },
    logger: silent(),
  });
  prepare(app);
  const server = await app.start({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    await app.stop();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Bolt's receiver has no port");
  return `http://127.0.0.1:${address.port}/slack/events`;
}

/** Bolt tells of every disconnect on the console; tests look at what happens instead. */
function silent() {
  const nothing = () => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    setLevel: nothing,
    getLevel: () => LogLevel.ERROR,
    setName: nothing,
  };
}
