import { addMilliseconds } from "date-fns/addMilliseconds";
import { formatDuration } from "../../domain/deadline.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import type { Attachment } from "../../domain/view.ts";
import { finishStep, intendStep, markActed, retryStep, type StepEnd, stepsOf } from "../../store/runs.ts";
import { answersOf } from "../../store/step-answers.ts";
import type { Row } from "../../store/tables.ts";
import type { Action } from "../playbooks/action.ts";
import { createAct } from "./act.ts";
import { placeOf } from "../record.ts";
import { createAskPeople } from "./ask-people.ts";
import { draw } from "./draw.ts";
import { inWords } from "./errors.ts";
import { goesOn } from "./judge-run.ts";
import { setDue } from "./overdue.ts";
import { pauseFor } from "./pause.ts";
import { createPlanLater } from "./plan-later.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";
import { conditionAgainst } from "./step-variables.ts";
import { createStepEvidence } from "./keep-evidence.ts";
import { createTick } from "./tick.ts";
import { createWatch } from "./watch-step.ts";

type StepRow = Row<"run_step"> & { begun: boolean };

/** How a step ended, and what it leaves to be read. */
type EndWithFiles = StepEnd & { files?: Attachment[] };

export interface StepToCarryOut {
  job: Job;
  step: PlannedStep;
  position: number;
  /** Aborted when another step has ended the run: a step that only looks is left then. */
  halted: AbortSignal;
}

/** Carries one step out, or finds that it is done: intent, act, observe, outcome. Returns whether the run goes on. */
export function createCarryOutStep(options: RunsOptions, record: RunRecord) {
  const { db, planner, actions, wakeOutbox, stops, now } = options;
  const act = createAct(options, record);
  const watch = createWatch(options, record);
  const planLater = createPlanLater(options);
  const askPeople = createAskPeople(options);
  const tick = createTick(options, record);
  const evidence = createStepEvidence(options, record);

  async function finishOne(job: Job, step: PlannedStep, end: EndWithFiles): Promise<boolean> {
    const { outcome, detail, evidence } = end;
    const action = actions.get(step.action);
    const place = placeOf(job.stored.plan.incident, job.stored.channel, options.announce);
    const picture = action && place && (await draw(action, step, end.found, options));
    await db.transaction().execute(async (trx) => {
      await finishStep(trx, job.run.number, step.id, { ...end, at: now() });
      await record.append(trx, job, {
        key: `step:${step.id}:finished`,
        fact: {
          kind: "step.finished",
          run: job.run.number,
          step: step.id,
          title: step.title,
          outcome,
          detail,
          evidence,
        },
      });
      await record.show(trx, job);
      if (action) await askPeople(trx, job, step, { action, open: false });
      if (picture) await record.showFiles(trx, job, step, { as: "picture", files: [picture] });
      if (end.files?.length) await record.showFiles(trx, job, step, { as: "files", files: end.files });
    });
    wakeOutbox();
    return goesOn(step, outcome);
  }

  async function intend({ job, step, position }: StepToCarryOut): Promise<StepRow> {
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

  /** Why it is not carried out at all: its condition does not hold, or has no value. */
  async function leftOut({ job, step }: StepToCarryOut): Promise<StepEnd | null> {
    if (step.later === null) return null;
    try {
      const condition = conditionAgainst(step, await stepsOf(db, job.run.number));
      if (condition === null) return null;
      return { outcome: "skipped", detail: `Not needed: ${condition}`, evidence: [] };
    } catch (error) {
      if (!isUserError(error)) throw error;
      return { outcome: "failed", detail: inWords(error), evidence: [] };
    }
  }

  /** One try: acts where that is still to be done, then watches. */
  async function attempt(
    { job, position, halted }: StepToCarryOut,
    action: Action,
    row: StepRow,
  ): Promise<EndWithFiles> {
    const { number } = job.run;
    const { document: step } = row;
    let hasActed = row.phase !== "intended";
    const where = await planner.contexts.for(action, {
      ...step.about,
      actor: job.run.actor,
      before: job.stored.plan.steps.slice(0, position),
      incident: job.run.incident,
      inHand: {
        run: number,
        step: step.id,
        attempt: row.attempt,
        acted: () => hasActed,
        answers: () => answersOf(db, number, step.id),
        tick: (item, found) => tick(job, { action, step }, { item, found }),
        evidence: evidence(job, step),
      },
    });
    const until = addMilliseconds(row.intended_at, step.timeout);
    if (action.apply !== undefined && row.phase === "intended") {
      const acted = tooLate(job) ?? (await act({ job, step, action, where, until, begun: row.begun }));
      if (acted !== "acted") return acted;
      await markActed(db, number, step.id, now());
      hasActed = true;
    }
    const end = await watch({ job, step, action, where, since: row.intended_at, until, halted });
    const files = await filesOf(() => action.files?.(step.state, where));
    const ended = end.outcome === "succeeded" ? end : await halt(end, () => action.halt?.(step.state, where));
    return { ...ended, files };
  }

  /** After a clear failure it is tried again, as often as the playbook says. */
  async function attempts(todo: StepToCarryOut, action: Action, first: StepRow): Promise<EndWithFiles> {
    const { job, step, halted } = todo;
    const { number } = job.run;
    for (let row = first; ; row = await retryStep(db, number, step.id, now())) {
      const end = await attempt(todo, action, row);
      const { retry } = step;
      if (end.outcome !== "failed" || retry === null || row.attempt > retry.times || halted.aborted)
        return end;
      await record.showWaiting(
        job,
        step.id,
        `${end.detail ?? "It failed"}; try ${row.attempt + 1} of ${retry.times + 1} follows`,
      );
      await pauseFor(retry.everyMs, AbortSignal.any([stops.signal(number), halted]));
      if (await record.stopAsked(number)) return end;
    }
  }

  return async (todo: StepToCarryOut): Promise<boolean> => {
    const { job, step, position } = todo;
    const action = actions.get(step.action);
    if (!action)
      throw new Error(`Run ${job.run.number} has a step ${step.id} of no known action ${step.action}`);
    const out = await leftOut(todo);
    if (out !== null) {
      await intendStep(db, job.run.number, { position, document: step, at: now() });
      return finishOne(job, step, out);
    }
    const row = await intend(todo);
    if (row.phase === "finished") return goesOn(step, row.outcome ?? "unknown");
    const settled = await planLater(job, row);
    if (!settled.planned) return finishOne(job, step, settled.end);
    const { document } = settled.row;
    await db.transaction().execute(async (trx) => {
      await askPeople(trx, job, document, { action, open: true });
      await setDue(trx, { ...settled.row, document }, action);
    });
    wakeOutbox();
    return finishOne(job, document, await attempts(todo, action, settled.row));
  };
}

/** What people could read beside; that it cannot be had changes nothing of how the step ended. */
async function filesOf(asking: () => Promise<Attachment[]> | undefined): Promise<Attachment[]> {
  try {
    return (await asking()) ?? [];
  } catch (error) {
    if (!isUserError(error) && !isError(error, "ClusterUnreachable")) throw error;
    return [];
  }
}

/** Ends what a step left running. Where that is refused, or nobody answers, the run says so and ends all the same. */
async function halt(end: StepEnd, halting: () => Promise<void> | undefined): Promise<StepEnd> {
  try {
    await halting();
    return end;
  } catch (error) {
    if (!isUserError(error) && !isError(error, "ClusterUnreachable")) throw error;
    const left = `What it started may still run: ${error.message}.`;
    return { ...end, detail: end.detail === null ? left : `${end.detail}. ${left}` };
  }
}

/** A yes is good for as long as a plan may wait for it: a run that nobody began in that time changes nothing. */
function tooLate({ run, stored }: Job): StepEnd | null {
  const age = (run.started_at ?? run.created_at).getTime() - run.created_at.getTime();
  if (age <= stored.expiresAt.getTime() - stored.createdAt.getTime()) return null;
  const detail = `The yes was ${formatDuration(age)} old before crai could begin. Plan again.`;
  return { outcome: "refused", detail, evidence: [] };
}
