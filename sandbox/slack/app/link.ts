/** How the workspace reaches the app: Socket Mode, or signed HTTP. */

/** Slack's names of the three kinds of envelope. */
export type EnvelopeKind = "slash_commands" | "interactive" | "events_api";

export interface Retry {
  /** 1..3 */
  num: number;
  reason: string;
}

export type Delivery =
  | { outcome: "acked"; payload: unknown }
  | { outcome: "timeout" }
  /** `noRetry`: the app answered with X-Slack-No-Retry. */
  | { outcome: "failed"; reason: "no_connection" | "connection_failed" | "http_error"; noRetry?: boolean };

export interface AppLink {
  /** Whether somebody listens at all. */
  isReachable(): boolean;
  /** One attempt; resolves within the acknowledgment limit and never rejects. */
  send(kind: EnvelopeKind, payload: object, retry?: Retry): Promise<Delivery>;
}

/** Slack's waits in milliseconds; tests shorten some, so that three seconds need not pass. */
export interface Timings {
  /** How long the app has to acknowledge. */
  ackMs: number;
  /** Waits before the retries of an event. */
  eventRetriesMs: readonly number[];
  /** Life of a trigger_id, by the workspace's clock. */
  triggerMs: number;
  /** How often the server pings its Socket Mode clients. */
  pingMs: number;
}

export const slackTimings: Timings = {
  ackMs: 3000,
  eventRetriesMs: [0, 60_000, 300_000],
  triggerMs: 3000,
  pingMs: 10_000,
};
