import { App, webApi } from "@slack/bolt";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import { isUserError, UserError } from "../../domain/errors.ts";
import type { View } from "../../domain/view.ts";
import type { Chat, Directory } from "../../engine/ports.ts";
import type { Database } from "../../store/database.ts";
import { putLatest } from "../../store/outbox.ts";
import { boltLogger } from "./bolt-logger.ts";
import { type SlackState, createChat } from "./chat.ts";
import { carryOut } from "./delivery/carry-out.ts";
import { entered, recallClosed } from "./delivery/closed.ts";
import { createDelivery, type Delivery } from "./delivery/deliverer.ts";
import { createPace } from "./delivery/pace.ts";
import { createDirectory } from "./directory.ts";
import { createHttpMode, type HttpHandler } from "./http-mode.ts";
import { createInstallation } from "./installation.ts";
import type { Desk } from "./listeners/desk.ts";
import { listenToChanges, listenToHome, listenToInvitations, listenToPins } from "./listeners/messages.ts";
import { listenToForms, listenToPresses } from "./listeners/presses.ts";
import { listenToCommand, listenToMentions } from "./listeners/typed.ts";
import { createSockets } from "./sockets.ts";

export interface SlackSettings {
  botToken: string;
  /** For Socket Mode; null: HTTP. */
  appToken: string | null;
  signingSecret: string | null;
  /** null: slack.com. GovSlack, tests and the sandbox have their own. */
  apiUrl: string | null;
  /** `/crai`. */
  command: string;
}

export interface Slack {
  /** Connects. UserError when Slack refuses the tokens; while Slack is away it resolves and goes on trying. */
  start(): Promise<void>;
  /** Ends after what is in hand; all sockets are closed then. */
  stop(): Promise<void>;
  directory: Directory;
  chat: Chat;
  delivery: Delivery;
  /** Handler of POST /slack/events; null in Socket Mode. */
  http: HttpHandler | null;
  state(): SlackState;
  /** Shows a person their Home tab. */
  publishHome(user: string, view: View): Promise<void>;
}

const requestTimeout = 10_000;

/** Slack's own hosts, and whichever the API was pointed at. */
function slackUrls(apiUrl: string | null): (url: string) => boolean {
  const own = apiUrl === null ? null : new URL(apiUrl).host;
  return (url) => {
    if (!URL.canParse(url)) return false;
    const { host, protocol } = new URL(url);
    if (host === own) return true;
    return protocol === "https:" && /(^|\.)slack(-gov)?\.com$/.test(host);
  };
}

function withoutConnection(why: string): never {
  throw new UserError("There is no way to hear Slack", {
    why,
    next: "Set SLACK_APP_TOKEN for Socket Mode or SLACK_SIGNING_SECRET for HTTP (docs/slack-app.md).",
  });
}

/** crai's side of Slack: listens and stores, and carries the outbox out. Bolt is spoken in this folder only. */
export function createSlack(options: {
  settings: SlackSettings;
  db: Database;
  now: Clock;
  log: Logger;
  /** Something came in. */
  wake: () => void;
}): Slack {
  const { settings, db, now, wake } = options;
  const log = options.log.child({ part: "slack" });
  // Own retries and waits: the client's would be half an hour long and hold up everything else.
  const clientOptions: webApi.WebClientOptions = {
    ...(settings.apiUrl === null ? {} : { slackApiUrl: settings.apiUrl }),
    timeout: requestTimeout,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: boltLogger(log),
  };
  const client = new webApi.WebClient(settings.botToken, clientOptions);
  const installation = createInstallation(client);
  const directory = createDirectory(client, log);

  const courier = {
    db,
    client,
    pace: createPace(),
    now,
    log,
    command: settings.command,
    botUser: async () => (await installation.get()).botUser,
    isSlackUrl: slackUrls(settings.apiUrl),
    closed: new Map<string, string>(),
    wakeInbox: wake,
  };
  const delivery = createDelivery({ db, carryOut: async (row) => carryOut(courier, row), now, log });

  // The receivers hand their requests over through recordFirst; Bolt's own would be started and stopped with the app.
  const receiver = {
    init: () => undefined,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
  const app = new App({
    receiver,
    authorize: () => Promise.resolve({}),
    ignoreSelf: false,
    convoStore: false,
    clientOptions,
    logger: boltLogger(log),
  });
  app.error(async (error) => {
    log.error({ err: error.original ?? error }, "something from Slack could not be taken in");
    // Rethrown, so that it is not acknowledged: Slack repeats events and tells the person otherwise.
    throw error;
  });
  const desk: Desk = {
    db,
    client,
    installation,
    command: settings.command,
    now,
    log,
    wake,
    wakeDelivery: () => delivery.wake(),
    knownName: (user) => directory.knownName(user),
    entered: async (channel) => entered(courier, channel),
  };
  listenToCommand(app, desk);
  listenToMentions(app, desk);
  listenToPresses(app, desk);
  listenToForms(app, desk);
  listenToPins(app, desk);
  listenToChanges(app, desk);
  listenToHome(app, desk);
  listenToInvitations(app, desk);

  const common = { app, installation, now, log };
  const { appToken, signingSecret } = settings;
  const sockets = appToken === null ? null : createSockets({ ...common, appToken, clientOptions });
  const http =
    sockets !== null || signingSecret === null ? null : createHttpMode({ ...common, signingSecret });
  if (sockets === null && http === null)
    withoutConnection("There is neither an app token nor a signing secret.");
  const createdAt = now();

  function state(): SlackState {
    if (sockets !== null) return { mode: "socket", ...sockets.state() };
    const connected = installation.known() !== null;
    return {
      mode: "http",
      connected,
      since: connected ? createdAt : null,
      why: connected ? null : "Slack has not answered auth.test yet",
    };
  }

  return {
    async start() {
      await recallClosed(courier);
      delivery.start();
      if (sockets !== null) return sockets.start();
      try {
        await installation.get();
      } catch (error) {
        if (isUserError(error)) throw error;
        log.warn({ err: error }, "Slack does not answer yet");
      }
    },
    async stop() {
      await sockets?.stop();
      await delivery.stop();
    },
    directory,
    chat: createChat({ client, directory, installation, state, closed: courier.closed }),
    delivery,
    http,
    state,
    async publishHome(user, view) {
      // Slack forgets no Home tab, but a person may open one that was never published: each is a new state.
      const message = { do: "home", user, view, at: now().toISOString() };
      await putLatest(db, { key: `home:${user}`, system: "slack", lane: `home:${user}`, message, at: now() });
      delivery.wake();
    },
  };
}
