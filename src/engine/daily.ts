import type { Clock } from "../domain/clock.ts";
import type { Config } from "../domain/config.ts";
import type { Database } from "../store/database.ts";
import { setOnce } from "../store/deadlines.ts";
import { createDigest } from "./alerts/digest.ts";
import type { Playbooks } from "./playbooks/loaded.ts";
import { createReviews } from "./playbooks/reviews.ts";
import type { DeadlineHandlers } from "./ticker.ts";
import { nextTimeOfDay } from "./time-of-day.ts";

export interface DailyOptions {
  db: Database;
  config: Pick<Config, "apps" | "slack" | "teams" | "contacts" | "timeZone" | "digest">;
  playbooks: () => Playbooks;
  wakeOutbox: () => void;
  now: Clock;
}

/** What is told once a day, at the time of the digest: info alerts, and playbooks past their day of review. */
export function createDaily(options: DailyOptions): { set(): Promise<void>; handlers: DeadlineHandlers } {
  const { db, config, wakeOutbox, now } = options;
  const tasks = { "alerts.digest": createDigest(options), "playbooks.reviews": createReviews(options) };
  const next = (): Date => nextTimeOfDay(now(), config.digest, config.timeZone);

  async function tell(task: () => Promise<void>): Promise<Date> {
    await task();
    wakeOutbox();
    return next();
  }

  return {
    async set() {
      for (const kind of Object.keys(tasks))
        await setOnce(db, { key: kind.replace(".", ":"), kind, subject: {}, dueAt: next() });
    },
    handlers: Object.fromEntries(Object.entries(tasks).map(([kind, task]) => [kind, () => tell(task)])),
  };
}
