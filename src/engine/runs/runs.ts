import type { Actor } from "../../domain/actor.ts";
import { markRunning } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { createCarryOutStep } from "./carry-out-step.ts";
import { createEndings } from "./conclude.ts";
import type { RunsOptions } from "./run-options.ts";
import { createRunRecord } from "./run-record.ts";
import { createStop } from "./stop.ts";

export interface Runs {
  /** First durable step: marks the run as running. Returns the ids of the plan's steps. */
  begin(run: number): Promise<string[]>;
  /** Carries one step out, or finds that it is done. Returns whether the run goes on. */
  carryOut(run: number, step: string): Promise<boolean>;
  /** Ends the run: outcome, verdict, locks given back, offers. */
  finish(run: number): Promise<void>;
  /** Ends a run that broke in our own code: its outcome is unknown, and the log has the reference. */
  abandon(run: number, error: unknown): Promise<void>;
  /** Ends a run whose terminal is gone: nobody else may go on with it. */
  lose(run: number): Promise<void>;
  /** Asks a run to halt before its next change. */
  stop(run: number, actor: Actor, reason: string | null): Promise<Row<"run">>;
}

export function createRuns(options: RunsOptions): Runs {
  const { db, wakeOutbox, now } = options;
  const record = createRunRecord(options);

  async function begin(number: number): Promise<string[]> {
    const job = await record.load(number);
    const { plan, number: planned } = job.stored;
    await db.transaction().execute(async (trx) => {
      await markRunning(trx, number, now());
      await record.append(trx, job, {
        key: "started",
        fact: { kind: "run.started", run: number, plan: planned, title: plan.title },
      });
      await record.show(trx, job);
      await record.showCard(trx, job);
    });
    wakeOutbox();
    return plan.steps.map((step) => step.id);
  }

  return {
    begin,
    carryOut: createCarryOutStep(options, record),
    ...createEndings(options, record),
    stop: createStop(options, record),
  };
}
