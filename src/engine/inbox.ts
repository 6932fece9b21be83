import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Person } from "../domain/actor.ts";
import { isUserError } from "../domain/errors.ts";
import type { Database } from "../store/database.ts";
import { markDone, openDeliveries } from "../store/inbox.ts";
import type { InboxTable, Row } from "../store/tables.ts";
import type { Invocation } from "./invocation.ts";

/** What the Slack listeners store before they acknowledge. `at` is ISO 8601, UTC. */
export type SlackDelivery =
  | { kind: "invocation"; invocation: Omit<Invocation, "at"> & { at: string } }
  /** 📌 as a reaction or a pin, or the message shortcut: the message becomes a timeline entry. */
  | { kind: "message.pinned"; by: Person; channel: string; ts: string; at: string }
  /** A message that is on a timeline was edited (text) or deleted (null). */
  | { kind: "message.changed"; by: Person; channel: string; ts: string; text: string | null; at: string }
  | { kind: "home.opened"; by: Person; at: string };

/** Carries one stored delivery out. It may be called again after a crash: its effects are keyed by the delivery. */
export type Handler = (row: Row<"inbox">) => Promise<void>;
export type Handlers = Record<InboxTable["source"], Handler>;

export interface Inbox {
  /** Something was stored: carry it out now. */
  wake: () => void;
  /** Resolves when what was stored before is carried out. */
  drain(): Promise<void>;
}

/**
 * Carries deliveries out: different people and alerts at once, deliveries of one source other than Slack in order.
 * The row is the queue: what a crash left open is carried out after the next start.
 */
export function startInbox({
  db,
  handlers,
  log,
  now,
}: {
  db: Database;
  handlers: Handlers;
  log: Logger;
  now: Clock;
}): Inbox {
  const inHand = new Set<number>();
  const lanes = new Map<string, Promise<void>>();
  let scanning: Promise<void> | undefined;
  let again = false;

  async function carryOut(row: Row<"inbox">): Promise<void> {
    let error: string | null = null;
    try {
      await handlers[row.source](row);
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
      if (!isUserError(cause))
        log.error({ err: cause, inbox: row.id, source: row.source }, "delivery failed");
    }
    await markDone(db, row.id, now(), error);
    inHand.delete(row.id);
  }

  function start(row: Row<"inbox">): void {
    inHand.add(row.id);
    const lane = row.source === "slack" ? `slack:${row.id}` : row.source;
    const before = lanes.get(lane) ?? Promise.resolve();
    const run = before
      .then(() => carryOut(row))
      .catch((err: unknown) => {
        // The database did not take the mark: the row stays open and is carried out again.
        inHand.delete(row.id);
        log.error({ err, inbox: row.id }, "delivery not marked");
      })
      .finally(() => {
        if (lanes.get(lane) === run) lanes.delete(lane);
      });
    lanes.set(lane, run);
  }

  async function scan(): Promise<void> {
    do {
      again = false;
      let after = 0;
      for (;;) {
        const rows = await openDeliveries(db, after);
        for (const row of rows) if (!inHand.has(row.id)) start(row);
        const last = rows.at(-1);
        if (!last) break;
        after = last.id;
      }
    } while (again);
  }

  function wake(): void {
    again = true;
    scanning ??= scan()
      .catch((err: unknown) => log.error({ err }, "inbox not readable"))
      .finally(() => {
        scanning = undefined;
      });
  }

  return {
    wake,
    async drain() {
      wake();
      await scanning;
      await Promise.all(lanes.values());
    },
  };
}
