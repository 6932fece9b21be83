import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Database } from "../store/database.ts";
import { dueDeadlines, endDeadline, setDeadline } from "../store/deadlines.ts";
import type { Row } from "../store/tables.ts";

/** What happens when a deadline of a kind is due; called again after a crash, and at the date it returns. */
export type DeadlineHandlers = Record<
  string,
  (subject: Row<"deadline">["subject"]) => Promise<Date | undefined>
>;

export interface Ticker {
  stop(): Promise<void>;
}

/** Handled at once at most; a handler may wait for a cluster or PagerDuty. */
const PARALLEL = 20;
/** ms until a deadline whose handler broke is handled again. */
const AGAIN_AFTER = 5000;

/**
 * Deadlines are rows read with our clock; this wakes what is due, no deadline waiting for another one's handler.
 * `every` is in ms.
 */
export function startTicker({
  db,
  handlers,
  every,
  log,
  now,
}: {
  db: Database;
  handlers: DeadlineHandlers;
  every: number;
  log: Logger;
  now: Clock;
}): Ticker {
  const inHand = new Map<string, Promise<void>>();
  let looking: Promise<void> | undefined;

  async function nextDate({ key, kind, subject }: Row<"deadline">): Promise<Date | undefined> {
    const handler = handlers[kind];
    if (!handler) log.error({ kind }, "no handler for a deadline");
    try {
      return await handler?.(subject);
    } catch (err) {
      log.error({ err, deadline: key }, "a deadline could not be handled; it is tried again");
      return addMilliseconds(now(), AGAIN_AFTER);
    }
  }

  async function handle(row: Row<"deadline">): Promise<void> {
    const again = await nextDate(row);
    if (again === undefined) await endDeadline(db, row.key, now(), row.due_at);
    else await setDeadline(db, { key: row.key, kind: row.kind, subject: row.subject, dueAt: again });
  }

  async function look(): Promise<void> {
    const due = await dueDeadlines(db, now());
    for (const row of due) {
      if (inHand.size >= PARALLEL) return;
      if (inHand.has(row.key)) continue;
      const work = handle(row)
        .catch((err: unknown) => log.error({ err, deadline: row.key }, "a deadline's end was not stored"))
        .finally(() => inHand.delete(row.key));
      inHand.set(row.key, work);
    }
  }

  const timer = setInterval(() => {
    looking ??= look()
      .catch((err: unknown) => log.error({ err }, "deadlines not read"))
      .finally(() => {
        looking = undefined;
      });
  }, every);

  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await Promise.all(inHand.values());
    },
  };
}
