import { setTimeout } from "node:timers/promises";
import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Person } from "../domain/actor.ts";
import { isUserError } from "../domain/errors.ts";
import type { Database } from "../store/database.ts";
import { keepOpen, markDone, openDeliveries } from "../store/inbox.ts";
import type { InboxTable, Row } from "../store/tables.ts";
import type { Invocation } from "./commands/invocation.ts";

/** What the Slack listeners store before they acknowledge. `at` is ISO 8601, UTC. */
export type SlackDelivery =
  | { kind: "invocation"; invocation: Omit<Invocation, "at"> & { at: string } }
  /** 📌 as a reaction or a pin, or the message shortcut: the message becomes a timeline entry. */
  | { kind: "message.pinned"; by: Person; channel: string; ts: string; at: string }
  /** A message that is on a timeline was edited (text) or deleted (null). */
  | { kind: "message.changed"; by: Person; channel: string; ts: string; text: string | null; at: string }
  | { kind: "home.opened"; by: Person; at: string }
  /** Something waits to be said in a channel where Slack does not let crai write, or the incident's cannot be opened. */
  | { kind: "channel.closed"; place: { channel: string } | { incident: number }; code: string; at: string };

/**
 * Carries stored deliveries out, oldest first. A delivery that it throws for is told to whoever typed it and done; one of
 * an alert source is kept and tried again, for ever: an alert must not be lost. It may be called again after a crash: effects are keyed by the delivery.
 * Slack's come one at a time, an alert source's as many as have gathered.
 */
export type Handler = (rows: readonly Row<"inbox">[]) => Promise<void>;
export type Handlers = Record<InboxTable["source"], Handler>;

export interface Inbox {
  /** Something was stored: carry it out now. */
  wake: () => void;
  /** Stops looking, and resolves when what was stored before is carried out. */
  stop(): Promise<void>;
}

export interface InboxOptions {
  db: Database;
  handlers: Handlers;
  /** Where something from Slack waits for what was sent before it; null: nowhere. */
  turnOf: (delivery: SlackDelivery) => string | null;
  log: Logger;
  now: Clock;
}

/** Deliveries of one source that are carried out together: a storm must not cost a round for each alert. */
const BATCH = 100;
/** ms between two looks at everything open: rows that were committed out of order, or whose mark did not stick. */
const LOOK_EVERY = 2000;
/** ms before each repetition of a delivery that broke: the database may be back by then. */
const REPEATED_AFTER = [200, 1000, 4000] as const;
/** ms until what is kept all the same is tried again: doubled each time, up to an hour. */
const KEPT_FOR = 60_000;
const KEPT_AT_MOST = 3_600_000;

interface Lane {
  waiting: Row<"inbox">[];
  running: Promise<void> | undefined;
}

/**
 * The row is the queue: what a crash left open is carried out after the next start. Different people are served at
 * once; the deliveries of one alert source in order, and so are commands that go by what the one before changed.
 */
export function startInbox({ db, handlers, turnOf, log, now }: InboxOptions): Inbox {
  const inHand = new Set<number>();
  /** Out of hand at the next look only: one that is under way may have read them while they were open. */
  const ended = new Set<number>();
  const lanes = new Map<string, Lane>();
  let looking: Promise<void> | undefined;
  let again = false;
  /** Everything up to here was seen; a wake looks only at what came after. */
  let seen = 0;
  const stopping = new AbortController();

  /** Resolves when the rows are marked; rejects when they stay open. */
  async function attempt(rows: readonly Row<"inbox">[], tries = 0): Promise<void> {
    const [first] = rows;
    if (!first) return;
    let error: string | null = null;
    try {
      await handlers[first.source](rows);
    } catch (cause) {
      // One bad delivery must not take the others down with it.
      if (rows.length > 1) {
        for (const row of rows) await attempt([row]);
        return;
      }
      error = cause instanceof Error ? cause.message : String(cause);
      const isTyped = first.source === "slack";
      if (!isTyped || !isUserError(cause)) {
        log.error({ err: cause, inbox: first.id, source: first.source, tries }, "delivery failed");
        // What is known to fail keeps those that came after it waiting no longer than it must.
        const wait = first.attempts > 0 ? undefined : REPEATED_AFTER[tries];
        if (wait !== undefined) {
          await setTimeout(wait, undefined, { signal: stopping.signal });
          return attempt(rows, tries + 1);
        }
        if (!isTyped) return keep(first, error);
      }
    }
    await markDone(
      db,
      rows.map((row) => row.id),
      { at: now(), error },
    );
  }

  async function keep({ id, attempts }: Row<"inbox">, error: string): Promise<void> {
    const wait = Math.min(KEPT_FOR * 2 ** attempts, KEPT_AT_MOST);
    await keepOpen(db, [id], { error, nextAt: addMilliseconds(now(), wait) });
  }

  async function runLane(name: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const rows = lane.waiting.splice(0, lane.waiting[0]?.source === "slack" ? 1 : BATCH);
      try {
        await attempt(rows);
      } catch (err) {
        // The database did not take the mark, or crai is ending: the rows stay open and are found again.
        if (!stopping.signal.aborted) log.error({ err, source: name }, "deliveries not marked");
      }
      for (const row of rows) ended.add(row.id);
    }
    lanes.delete(name);
  }

  function laneOf({ id, source, body }: Row<"inbox">): string {
    if (source !== "slack") return source;
    return `slack:${turnOf(body as SlackDelivery) ?? id}`;
  }

  function take(row: Row<"inbox">): void {
    if (inHand.has(row.id)) return;
    inHand.add(row.id);
    const name = laneOf(row);
    const lane = lanes.get(name) ?? { waiting: [], running: undefined };
    lanes.set(name, lane);
    lane.waiting.push(row);
    lane.running ??= runLane(name, lane);
  }

  async function look(from: number): Promise<void> {
    for (const id of ended) inHand.delete(id);
    ended.clear();
    let after = from;
    for (;;) {
      const rows = await openDeliveries(db, { after, due: now() });
      for (const row of rows) take(row);
      const last = rows.at(-1);
      if (!last) break;
      after = last.id;
    }
    seen = Math.max(seen, after);
  }

  function wake(): void {
    again = true;
    looking ??= (async () => {
      while (again) {
        again = false;
        await look(seen);
      }
    })()
      .catch((err: unknown) => log.error({ err }, "inbox not readable"))
      .finally(() => {
        looking = undefined;
      });
  }

  const timer = setInterval(() => {
    seen = 0;
    wake();
  }, LOOK_EVERY);

  return {
    wake,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      wake();
      await looking;
      await Promise.all([...lanes.values()].map(async ({ running }) => running));
    },
  };
}
