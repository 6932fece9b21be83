import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import type { Clock } from "../../../domain/clock.ts";
import type { SlackMessage } from "../../../engine/ports.ts";
import type { Database } from "../../../store/database.ts";
import { dueHeads, markFailed, nextDue, retryAt } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { failureOf, failureText } from "../failure.ts";
import { type Outcome, Undeliverable } from "./outcome.ts";

/** Messages on their way at once, each of another lane. */
const parallel = 8;
/** ms. A retry never waits longer: an outage ends when it ends. */
const backoff = { first: 500, most: 15_000 } as const;
/** ms, where only an administrator can help (a token, a scope). */
const adminWait = 60_000;
/** Attempts that may end in an error which is neither Slack's answer nor its absence. */
const mostUnexplained = 10;
/** ms until the database is asked again when it did not answer. */
const databaseWait = 1000;
/** ms. The timer wakes at least so often, whatever clock the database's times come from. */
const longestSleep = 5000;

export interface Delivery {
  start(): void;
  /** Something was stored to go out. */
  wake(): void;
  /** Resolves when nothing is due any more; what waits for a repetition is not waited for. */
  drain(): Promise<void>;
  /** Ends after what is on its way. */
  stop(): Promise<void>;
}

interface Parked {
  until: number;
  for: "pace" | "another";
}

/** Carries the outbox out: each lane in order and one message at a time, no lane waiting for another. */
export function createDelivery(options: {
  db: Database;
  carryOut: (row: Row<"outbox">) => Promise<Outcome>;
  now: Clock;
  log: Logger;
}): Delivery {
  const { db, carryOut, now, log } = options;
  const inHand = new Map<string, Promise<void>>();
  const parked = new Map<string, Parked>();
  let scanning: Promise<void> | undefined;
  let again = false;
  let running = false;
  let timer: NodeJS.Timeout | undefined;

  function later(ms: number): Date {
    const at = now();
    at.setTime(at.getTime() + ms);
    return at;
  }

  async function failed(row: Row<"outbox">, error: unknown): Promise<void> {
    const about = { outbox: row.id, key: row.key, attempts: row.attempts + 1 };
    const verdict = judge(row, error);
    if (verdict.wait === null) {
      log.error({ ...about, why: verdict.why, err: verdict.err }, "a Slack message was given up");
      return markFailed(db, row, now(), verdict.why);
    }
    log.warn(
      { ...about, why: verdict.why, err: verdict.err, againInMs: verdict.wait },
      "a Slack message is tried again",
    );
    await retryAt(db, row, later(verdict.wait), verdict.why);
  }

  async function deliver(row: Row<"outbox">): Promise<void> {
    try {
      const outcome = await carryOut(row).catch(async (error: unknown) => failed(row, error));
      if (outcome?.is === "waiting")
        parked.set(row.lane, { until: performance.now() + outcome.ms, for: outcome.for });
      // What another lane waited for may have come true.
      else for (const [lane, { for: what }] of parked) if (what === "another") parked.delete(lane);
    } catch (err) {
      log.error({ err, outbox: row.id }, "the outcome of a Slack message could not be stored");
      parked.set(row.lane, { until: performance.now() + databaseWait, for: "pace" });
    }
  }

  function begin(row: Row<"outbox">): void {
    const work = deliver(row).finally(() => {
      inHand.delete(row.lane);
      wake();
    });
    inHand.set(row.lane, work);
  }

  function notNow(): string[] {
    const at = performance.now();
    for (const [lane, { until }] of parked) if (until <= at) parked.delete(lane);
    return [...inHand.keys(), ...parked.keys()];
  }

  async function scan(): Promise<void> {
    do {
      again = false;
      const room = parallel - inHand.size;
      if (!running || room <= 0) return;
      const heads = await dueHeads(db, "slack", now(), notNow());
      // The oldest first: with more lanes than hands none is left behind.
      for (const row of heads.sort((a, b) => a.id - b.id).slice(0, room)) begin(row);
    } while (again);
    await arm();
  }

  /** Sleeps until the next message is due or a lane is no longer parked. */
  async function arm(): Promise<void> {
    const due = await nextDue(db, "slack", notNow());
    const at = performance.now();
    const waits = [
      ...[...parked.values()].map(({ until }) => until - at),
      ...(due === null ? [] : [due.getTime() - now().getTime()]),
    ];
    if (waits.length > 0 && inHand.size < parallel) sleep(Math.min(longestSleep, ...waits));
  }

  function sleep(ms: number): void {
    clearTimeout(timer);
    if (running) timer = setTimeout(wake, Math.max(1, ms));
  }

  function wake(): void {
    again = true;
    if (!running) return;
    scanning ??= scan()
      .catch((err: unknown) => {
        log.error({ err }, "the outbox could not be read");
        sleep(databaseWait);
      })
      .finally(() => {
        scanning = undefined;
        if (again && running) wake();
      });
  }

  return {
    start() {
      running = true;
      wake();
    },
    wake,
    async drain() {
      for (;;) {
        wake();
        await scanning;
        await Promise.all(inHand.values());
        const paced = [...parked.values()].filter(({ for: what }) => what === "pace");
        const heads = await dueHeads(db, "slack", now(), notNow());
        if (inHand.size === 0 && paced.length === 0 && heads.length === 0) return;
        if (inHand.size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async stop() {
      running = false;
      clearTimeout(timer);
      await scanning;
      await Promise.all(inHand.values());
    },
  };
}

interface Verdict {
  /** ms until it is tried again; null: never. */
  wait: number | null;
  why: string;
  /** For the log, where it is no answer of Slack's. */
  err?: unknown;
}

/** Whether what went wrong may go right another time, and when. */
function judge(row: Row<"outbox">, error: unknown): Verdict {
  const grown = Math.min(backoff.first * 2 ** row.attempts, backoff.most);
  const failure = failureOf(error);
  if (failure === undefined) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof Undeliverable) return { wait: null, why };
    // The database, which will be back, or a mistake of ours, which will not go away.
    return { wait: row.attempts + 1 < mostUnexplained ? grown : null, why, err: error };
  }
  const why = failureText(failure);
  switch (failure.kind) {
    case "limited":
      return { wait: failure.retryAfterMs, why };
    case "refused":
      return { wait: failure.byAdmin || isVital(row) ? adminWait : null, why };
    case "unreached":
    case "uncertain":
      return { wait: grown, why };
  }
}

/** An incident's channel is never given up: everything the incident has to say waits for it. */
function isVital({ message }: Row<"outbox">): boolean {
  return (message as SlackMessage).do === "open-channel";
}
