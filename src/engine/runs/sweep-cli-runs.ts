import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Clock } from "../../domain/clock.ts";
import type { Database } from "../../store/database.ts";
import { runByNumber, unfinishedRunsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { isHeld } from "../../store/terminals.ts";
import type { Runs } from "./runs.ts";

/** ms between two looks at whether the terminal of a run is still there. */
const LOOK_EVERY = 5000;

export interface CliSweep {
  /** For deadlines `run.terminal`: ends the run when its terminal is gone, else returns when to look again. */
  look(subject: Row<"deadline">["subject"]): Promise<Date | undefined>;
  /** Looks at every unfinished run of a terminal; returns those that it ended. */
  all(): Promise<number[]>;
}

/**
 * A run that a terminal carries out is never taken up by another process, which would act with other rights. When the
 * terminal is gone it ends, and says what is not known.
 */
export function createCliSweep({
  db,
  runs,
  now,
}: {
  db: Database;
  runs: Pick<Runs, "lose">;
  now: Clock;
}): CliSweep {
  /** The lock is held until the run has ended, so that two sweepers do not both end it. */
  async function sweep({ number, plan }: Row<"run">): Promise<boolean> {
    return db.transaction().execute(async (trx) => {
      if (await isHeld(trx, plan)) return false;
      await runs.lose(number);
      return true;
    });
  }

  return {
    async look({ run: number }) {
      const run = await runByNumber(db, Number(number));
      if (!run || run.status === "finished" || (await sweep(run))) return undefined;
      return addMilliseconds(now(), LOOK_EVERY);
    },
    async all() {
      const ended: number[] = [];
      for (const run of await unfinishedRunsOf(db, "cli")) if (await sweep(run)) ended.push(run.number);
      return ended;
    },
  };
}
