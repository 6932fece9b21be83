import type { Actor } from "../../domain/actor.ts";
import type { StepAnswer } from "../../domain/run.ts";
import { markRunning } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { type AnswerOptions, createAnswerStep, type Said } from "./answer-step.ts";
import { createCarryOut, type Progress } from "./carry-out.ts";
import { createCarryOutStep } from "./carry-out-step.ts";
import { createCompensate } from "./compensate.ts";
import { createEndings } from "./conclude.ts";
import { createOverdue } from "./overdue.ts";
import type { RunsOptions } from "./run-options.ts";
import { createRunRecord } from "./run-record.ts";
import { createStop } from "./stop.ts";

export interface Runs {
  /** First durable step: marks the run as running. */
  begin(run: number): Promise<void>;
  /** Carries its steps out, or finds that they are done. */
  carryOut(run: number, progress?: Progress): Promise<void>;
  /** Ends the run: outcome, verdict, locks given back, offers. */
  finish(run: number): Promise<void>;
  /** Ends a run that broke in our own code: its outcome is unknown, and the log has the reference. */
  abandon(run: number, error: unknown): Promise<void>;
  /** Ends a run whose terminal is gone: nobody else may go on with it. */
  lose(run: number): Promise<void>;
  /** Asks a run to halt before its next change. */
  stop(run: number, actor: Actor, reason: string | null): Promise<Row<"run">>;
  /** What a person says to a step that asks. Throws a UserError when they may not, or it is no answer. */
  answer(said: Said): Promise<StepAnswer>;
  /** Reminds of what a step wanted within so many ms and nobody has answered. */
  remind(run: number, step: string, ms: number): Promise<void>;
}

export function createRuns(options: RunsOptions & Pick<AnswerOptions, "authorizer">): Runs {
  const { db, wakeOutbox, now } = options;
  const record = createRunRecord(options);
  const carryOutStep = createCarryOutStep(options, record);

  async function begin(number: number): Promise<void> {
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
  }

  return {
    begin,
    carryOut: createCarryOut(options, record, carryOutStep),
    ...createEndings(options, record, createCompensate(options, record, carryOutStep)),
    stop: createStop(options, record),
    answer: createAnswerStep(options, record),
    remind: createOverdue(options, record),
  };
}
