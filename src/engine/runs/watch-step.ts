import { formatDuration } from "../../domain/deadline.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { keepFound, type StepEnd } from "../../store/runs.ts";
import { isRefusal } from "../cluster-refusal.ts";
import type { Action, ActionScope, Contexts, Observation } from "../playbooks/action.ts";
import { createAskPeople } from "./ask-people.ts";
import { inWords } from "./errors.ts";
import { ended } from "./judge-run.ts";
import { LOOK_EVERY, pauseFor, pauseUntilChanged, WATCHED_LOOK_EVERY } from "./pause.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

export interface ToWatch {
  job: Job;
  step: PlannedStep;
  action: Action;
  where: Contexts[ActionScope];
  since: Date;
  until: Date;
  /** Aborted when another step has ended the run. */
  halted: AbortSignal;
}

/** Nobody needs what it looks for any more; a step that has acted is seen through all the same. */
const notNeeded: StepEnd = {
  outcome: "skipped",
  detail: "Left: another step ended the run",
  evidence: [],
};

/** Waits until the world says how the step ended, it is out of time, or somebody asks to stop. */
export function createWatch(options: RunsOptions, record: RunRecord) {
  const { db, stops, wakeOutbox, now } = options;
  const askPeople = createAskPeople(options);

  /** Shows what a step waits for, and keeps what it has found so far for those whom it asks; only what is new. */
  function createTold({ job, step, action }: ToWatch) {
    let [shown, kept] = ["", "null"];
    return async ({ detail, values = null }: Extract<Observation, { state: "pending" }>): Promise<void> => {
      const found = JSON.stringify(values);
      if (found !== kept) {
        kept = found;
        await db.transaction().execute(async (trx) => {
          await keepFound(trx, job.run.number, step.id, values);
          await askPeople(trx, job, step, { action, open: true });
        });
        wakeOutbox();
      }
      if (detail === shown) return;
      shown = detail;
      await record.showWaiting(job, step.id, shown);
    };
  }

  return async (watched: ToWatch): Promise<StepEnd> => {
    const { job, step, action, where, since, until, halted } = watched;
    const tell = createTold(watched);
    for (;;) {
      const { seen, read } = await look(action, step, where, since);
      if (seen.state !== "pending") return ended(seen);
      if (await record.stopAsked(job.run.number))
        return { outcome: "stopped", detail: `Stopped while waiting: ${seen.detail}`, evidence: [] };
      if (halted.aborted && !step.mutates) return notNeeded;
      if (now() >= until) {
        const detail = `Not there after ${formatDuration(step.timeout)}: ${seen.detail}`;
        return { outcome: step.verifies || !read ? "unknown" : "failed", detail, evidence: [] };
      }
      await tell(seen);
      const wake = AbortSignal.any([stops.signal(job.run.number), ...(step.mutates ? [] : [halted])]);
      await untilNextLook(watched, read, wake);
    }
  };
}

/** A step that reads workloads wakes as soon as one of them changes; any other looks again after a while. */
async function untilNextLook(
  { step, action, where }: ToWatch,
  read: boolean,
  wake: AbortSignal,
): Promise<void> {
  const every = action.lookEvery?.(step.state);
  if (every !== undefined || !read) return pauseFor(every ?? LOOK_EVERY, wake);
  const targets = action.watches?.(step.state, where);
  if (targets !== undefined && targets.length > 0)
    return pauseUntilChanged(where, { targets, ms: WATCHED_LOOK_EVERY }, wake);
  const own = "target" in where && step.calls.length > 0 ? [where.target] : [];
  return pauseUntilChanged(where, { targets: own, ms: LOOK_EVERY }, wake);
}

/** One look at the world; what could not be read is looked at again until the step is out of time. */
async function look(
  action: Action,
  step: PlannedStep,
  where: Contexts[ActionScope],
  since: Date,
): Promise<{ seen: Observation; read: boolean }> {
  try {
    return { seen: await action.observe(step.state, where, since), read: true };
  } catch (error) {
    if (isRefusal(error, "not-found"))
      return { seen: { state: "failed", detail: error.message, evidence: [] }, read: true };
    if (isUserError(error)) return { seen: { state: "unknown", detail: inWords(error) }, read: true };
    if (isError(error, "ClusterUnreachable"))
      return { seen: { state: "pending", detail: `${error.message}; trying again` }, read: false };
    throw error;
  }
}
