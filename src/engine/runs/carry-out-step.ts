import { addMilliseconds } from "date-fns/addMilliseconds";
import { formatDuration } from "../../domain/deadline.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { finishStep, intendStep, markActed, type StepEnd } from "../../store/runs.ts";
import { createAct } from "./act.ts";
import { goesOn } from "./judge-run.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";
import { createWatch } from "./watch-step.ts";

/** Carries one step out, or finds that it is done: intent, act, observe, outcome. Returns whether the run goes on. */
export function createCarryOutStep(options: RunsOptions, record: RunRecord) {
  const { db, planner, actions, wakeOutbox, now } = options;
  const act = createAct(options, record);
  const watch = createWatch(options, record);

  async function finishOne(job: Job, step: PlannedStep, end: StepEnd): Promise<boolean> {
    await db.transaction().execute(async (trx) => {
      await finishStep(trx, job.run.number, step.id, { ...end, at: now() });
      await record.append(trx, job, {
        key: `step:${step.id}:finished`,
        fact: { kind: "step.finished", run: job.run.number, step: step.id, title: step.title, ...end },
      });
      await record.show(trx, job);
    });
    wakeOutbox();
    return goesOn(step, end.outcome);
  }

  async function intend(job: Job, step: PlannedStep, position: number) {
    const { number } = job.run;
    const row = await db.transaction().execute(async (trx) => {
      const intended = await intendStep(trx, number, { position, document: step, at: now() });
      await record.append(trx, job, {
        key: `step:${step.id}:intended`,
        fact: { kind: "step.intended", run: number, step: step.id, title: step.title },
      });
      await record.show(trx, job);
      return intended;
    });
    wakeOutbox();
    return row;
  }

  return async (number: number, stepId: string): Promise<boolean> => {
    const job = await record.load(number);
    const { steps } = job.stored.plan;
    const position = steps.findIndex((step) => step.id === stepId);
    const step = steps[position];
    const action = step && actions.get(step.action);
    if (!step || !action) throw new Error(`Run ${number} has no step ${stepId} that can be carried out`);
    const row = await intend(job, step, position);
    if (row.phase === "finished") return goesOn(step, row.outcome ?? "unknown");
    const where = await planner.contexts.for(action, {
      ...step.about,
      actor: job.run.actor,
      before: steps.slice(0, position),
      inHand: null,
    });
    const until = addMilliseconds(row.intended_at, step.timeout);
    if (action.apply !== undefined && row.phase === "intended") {
      const acted = tooLate(job) ?? (await act({ job, step, action, where, until, begun: row.begun }));
      if (acted !== "acted") return finishOne(job, step, acted);
      await markActed(db, number, step.id, now());
    }
    return finishOne(job, step, await watch({ job, step, action, where, since: row.intended_at, until }));
  };
}

/** A yes is good for as long as a plan may wait for it: a run that nobody began in that time changes nothing. */
function tooLate({ run, stored }: Job): StepEnd | null {
  const age = (run.started_at ?? run.created_at).getTime() - run.created_at.getTime();
  if (age <= stored.expiresAt.getTime() - stored.createdAt.getTime()) return null;
  const detail = `The yes was ${formatDuration(age)} old before crai could begin. Plan again.`;
  return { outcome: "refused", detail, evidence: [] };
}
