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

/** Deadlines are rows read with our clock; this wakes what is due. `every` is in ms. */
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
  let ticking: Promise<void> = Promise.resolve();
  let busy = false;

  async function tick(): Promise<void> {
    for (const row of await dueDeadlines(db, now())) {
      const handler = handlers[row.kind];
      if (!handler) log.error({ kind: row.kind }, "no handler for a deadline");
      const again = await handler?.(row.subject);
      if (again === undefined) await endDeadline(db, row.key, now());
      else await setDeadline(db, { key: row.key, kind: row.kind, subject: row.subject, dueAt: again });
    }
  }

  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    ticking = tick()
      .catch((err: unknown) => log.error({ err }, "deadlines not handled"))
      .finally(() => {
        busy = false;
      });
  }, every);

  return {
    async stop() {
      clearInterval(timer);
      await ticking;
    },
  };
}
