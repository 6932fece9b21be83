import type { webApi } from "@slack/bolt";
import type { Logger } from "pino";
import type { Clock } from "../../../domain/clock.ts";
import type { Database } from "../../../store/database.ts";
import type { Rendered } from "../blocks/render-view.ts";
import { failureOf } from "../failure.ts";
import type { Call, Pace } from "./pace.ts";

/** What came of trying to deliver a message; `delivered` is on record already. */
export type Outcome =
  | { is: "delivered" }
  /** Not its turn: a limit, or something it stands on is not there yet. Nothing was tried. */
  | { is: "waiting"; ms: number; for: "pace" | "another" };

export const delivered: Outcome = { is: "delivered" };

/** What delivering needs. */
export interface Courier {
  db: Database;
  client: webApi.WebClient;
  pace: Pace;
  now: Clock;
  log: Logger;
  /** The slash command, for what messages tell people to type. */
  command: string;
  botUser(): Promise<string>;
  /** Channels (and incidents without one) that crai has something to say in and may not, and why. */
  closed: Map<string, string>;
  /** Something came in. */
  wakeInbox: () => void;
  /** Whether a URL that came in with a command is one of Slack's. */
  isSlackUrl(url: string): boolean;
}

/** This message can never be delivered, and why. */
export class Undeliverable extends Error {
  override readonly name = "Undeliverable";
}

/** One call to Slack; how long Slack wants to be left alone is remembered for all that shares the limit. */
export async function calling<T>(courier: Courier, call: Call, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind === "limited") courier.pace.pause(call, failure.retryAfterMs);
    throw error;
  }
}

const quiet = { unfurl_links: false, unfurl_media: false, parse: "none", link_names: false } as const;

/** Posts without turning anything in it into mentions, links or previews. */
export async function postMessage(
  courier: Courier,
  message: Rendered & {
    channel: string;
    thread: string | undefined;
    metadata?: { event_type: string; event_payload: { key: string; version: number } };
  },
): Promise<{ channel: string; ts: string }> {
  const { channel, thread, ...rest } = message;
  const args = { channel, ...rest, ...quiet, ...(thread === undefined ? {} : { thread_ts: thread }) };
  const answer = await calling(courier, { method: "chat.postMessage", of: channel }, () =>
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's, not a window's
    courier.client.chat.postMessage(args),
  );
  return { channel: answer.channel ?? channel, ts: answer.ts ?? "" };
}
