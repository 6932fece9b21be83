import { type Actor, sameActor } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import { askToStop, runByNumber } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { RunsOptions } from "./run-options.ts";
import type { RunRecord } from "./run-record.ts";
import { runSummary } from "./run-view.ts";

/** Asks a run to halt before its next change. */
export function createStop({ db, stops, wakeOutbox, now }: RunsOptions, record: RunRecord) {
  return async (number: number, actor: Actor, reason: string | null): Promise<Row<"run">> => {
    const job = await record.load(number);
    // The same ask again, after a crash: it was heard.
    if (job.run.stop_asked_by !== null && sameActor(job.run.stop_asked_by, actor)) return job.run;
    if (job.run.status === "finished")
      throw new UserError(`R${number} has ended already.`, {
        why: runSummary(job.run, job.stored.plan),
        next: `\`undo R${number}\` plans its inverse.`,
      });
    await db.transaction().execute(async (trx) => {
      if (!(await askToStop(trx, number, actor, now()))) return;
      await record.append(trx, job, {
        key: "stop-asked",
        actor,
        fact: { kind: "run.stop-asked", run: number, reason },
      });
      await record.show(trx, job);
    });
    stops.ask(number);
    wakeOutbox();
    return (await runByNumber(db, number)) ?? job.run;
  };
}
