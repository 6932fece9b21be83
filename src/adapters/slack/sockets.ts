import { setTimeout as delay } from "node:timers/promises";
import { type App, SocketModeReceiver, type webApi } from "@slack/bolt";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import { isUserError } from "../../domain/errors.ts";
import { boltLogger } from "./bolt-logger.ts";
import { failureOf, failureText } from "./failure.ts";
import { type InstallationSource, refusedAccess } from "./installation.ts";
import { recordFirst } from "./record-first.ts";

/** Slack replaces connections about hourly; with two of them the other one listens meanwhile. */
const connections = 2;
/** From asking for an address to Slack's hello. */
const openWithinMs = 15_000;
/** A socket that lived less is no success: without a wait we would ask again and again. */
const livedMs = 5000;
const waits = { first: 250, most: 15_000 } as const;
/** A peer that does not answer our close frame is cut off; the client's own limit is 30 s. */
const closeWithinMs = 1000;

type Client = SocketModeReceiver["client"];

export interface Sockets {
  /**
   * Resolves when the first connection stands, or when it is clear that it does not yet: then it goes on trying.
   * UserError when Slack refuses the tokens.
   */
  start(): Promise<void>;
  /** Resolves when every socket is closed. */
  stop(): Promise<void>;
  state(): { connected: boolean; since: Date | null; why: string | null };
}

export interface SocketsOptions {
  app: App;
  appToken: string;
  clientOptions: webApi.WebClientOptions;
  installation: InstallationSource;
  now: Clock;
  log: Logger;
}

/**
 * Socket Mode with our own reconnecting. The client's own waits 5 s after each planned disconnect and ends with an
 * unhandled rejection when Slack refuses once (@slack/socket-mode 3.1.0), so each socket here gets a client of its own
 * that is told not to reconnect.
 */
export function createSockets(options: SocketsOptions): Sockets {
  const { app, appToken, clientOptions, installation, now, log } = options;
  const ending = new AbortController();
  const open = new Set<Client>();
  let loops: Promise<void>[] = [];
  let since: Date | null = null;
  let why: string | null = "not started";

  function opened(client: Client): void {
    if (open.size === 0) since = now();
    open.add(client);
    why = null;
  }

  function closed(client: Client, reason: string): void {
    if (!open.delete(client) || open.size > 0) return;
    since = null;
    why = reason;
    if (!ending.signal.aborted) log.warn({ reason }, "no connection to Slack");
  }

  async function close(client: Client): Promise<void> {
    const gone = client.disconnect();
    const force = setTimeout(() => void client.disconnect(), closeWithinMs);
    await gone;
    clearTimeout(force);
  }

  /** Opens one socket; resolves at Slack's hello with what resolves when it is closed again. */
  async function connect(): Promise<{ ended: Promise<void> }> {
    await installation.get();
    const receiver = new SocketModeReceiver({
      appToken,
      logger: boltLogger(log),
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: { ...clientOptions } },
    });
    receiver.init(recordFirst(app));
    const { client } = receiver;
    const ended = new Promise<void>((resolve) => {
      client.once("disconnected", () => {
        closed(client, "the connection was closed");
        resolve();
      });
    });
    const late = setTimeout(() => void close(client), openWithinMs);
    try {
      await client.start();
    } catch (error) {
      throw error ?? new Error("closed before Slack's hello");
    } finally {
      clearTimeout(late);
    }
    opened(client);
    if (ending.signal.aborted) await close(client);
    return { ended };
  }

  /** Keeps one connection up until the end; `first` hears how the first attempt went. */
  async function keepOpen(first: { tried(): void; refused(error: Error): void }): Promise<void> {
    let wait: number = waits.first;
    while (!ending.signal.aborted) {
      let pause = 0;
      try {
        const { ended } = await connect();
        first.tried();
        const from = now().getTime();
        await ended;
        if (now().getTime() - from >= livedMs) wait = waits.first;
        else pause = wait;
      } catch (error) {
        const refusal = isUserError(error) ? error : refusedAccess(error, "SLACK_APP_TOKEN");
        const failure = failureOf(error);
        pause = failure?.kind === "limited" ? failure.retryAfterMs : wait;
        if (open.size === 0) why = failure === undefined ? messageOf(error) : failureText(failure);
        log.warn({ why, againInMs: pause }, "could not connect to Slack");
        if (refusal !== undefined) first.refused(refusal);
        else first.tried();
      }
      if (pause > 0) wait = Math.min(wait * 2, waits.most);
      await delay(pause, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }

  return {
    async start() {
      const first = Promise.withResolvers<void>();
      const report = { tried: () => first.resolve(), refused: (error: Error) => first.reject(error) };
      loops = Array.from({ length: connections }, () => keepOpen(report));
      await first.promise;
    },
    async stop() {
      ending.abort();
      await Promise.all([...open].map(close));
      await Promise.all(loops);
      why = "stopped";
    },
    state: () => ({ connected: open.size > 0, since, why }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
