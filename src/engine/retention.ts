import { addDays } from "date-fns/addDays";
import { subMilliseconds } from "date-fns/subMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Retention as Kept } from "../domain/retention.ts";
import type { Database } from "../store/database.ts";
import { setDeadline } from "../store/deadlines.ts";
import { deleteEnded } from "../store/retention.ts";

export interface RetentionOptions {
  db: Database;
  kept: Kept;
  /** Has the durable engine forget the workflows that ended before a date; returns how many. */
  forgetWorkflows: (before: Date) => Promise<number>;
  log: Logger;
  now: Clock;
}

export interface Retention {
  /** Makes the first sweep due. */
  begin(): Promise<void>;
  /** Deletes what has been kept for long enough; returns the date of the next sweep. */
  sweep(): Promise<Date>;
}

export function createRetention({ db, kept, forgetWorkflows, log, now }: RetentionOptions): Retention {
  return {
    begin: () => setDeadline(db, { key: "retention", kind: "retention", subject: {}, dueAt: now() }),
    async sweep() {
      const at = now();
      const before = {
        deliveries: subMilliseconds(at, kept.deliveries),
        record: subMilliseconds(at, kept.record),
      };
      const deleted = {
        ...(await deleteEnded(db, before)),
        workflow: await forgetWorkflows(before.deliveries),
      };
      if (Object.values(deleted).some((count) => count > 0))
        log.info({ deleted }, "deleted what was kept for long enough");
      return addDays(at, 1);
    },
  };
}
