import { targetKey } from "../../domain/app.ts";
import { isError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { holdsLocks } from "../../store/locks.ts";
import type { StepEnd } from "../../store/runs.ts";
import type { Action, ActionScope, Contexts } from "../playbooks/action.ts";
import { clearNo, passing } from "./errors.ts";
import { LOOK_EVERY, pauseFor } from "./pause.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

export interface ToAct {
  job: Job;
  step: PlannedStep;
  action: Action;
  where: Contexts[ActionScope];
  until: Date;
  /** An attempt before this one was interrupted, so that a write may be on its way. */
  begun: boolean;
}

/** Acts at most once as far as the world can tell: looks before every write, and again after a lost race. */
export function createAct({ db, stops, now }: RunsOptions, record: RunRecord) {
  /** Why a step must not act any more; null: it may. */
  async function halted({ run }: Job, step: PlannedStep): Promise<string | null> {
    if (await record.stopAsked(run.number)) return "Stopped before this step acted.";
    if (await holdsLocks(db, step.targets.map(targetKey), run.number)) return null;
    return "Another run took the lock over before this step acted.";
  }

  return async ({ job, step, action, where, until, begun }: ToAct): Promise<StepEnd | "acted"> => {
    let sent = begun;
    let problem = "There was no time left to act";
    function notActed(outcome: "stopped" | "refused", why: string): StepEnd {
      if (!sent) return { outcome, detail: why, evidence: [] };
      const detail = `${why} A write that was sent before may still arrive: look at the workload itself.`;
      return { outcome: "unknown", detail, evidence: [] };
    }
    for (;;) {
      let writing = false;
      try {
        const seen = await action.observe(step.state, where, job.run.created_at);
        if (seen.state === "done") return "acted";
        if (seen.state === "failed" || seen.state === "diverged")
          return notActed("refused", `${seen.detail}.`);
        if (seen.state === "pending") {
          const halt = await halted(job, step);
          if (halt !== null) return notActed("stopped", halt);
          if (now() >= until) return notActed("refused", `${problem}. Plan again.`);
          writing = true;
          await action.apply?.(step.state, where);
          return "acted";
        }
      } catch (error) {
        const no = clearNo(error);
        if (no !== null) return notActed("refused", no);
        problem = passing(error).message;
        sent ||= writing && isError(error, "ClusterUnreachable");
        await record.showWaiting(job, step.id, `${problem}; trying again`);
        if (await record.stopAsked(job.run.number)) return notActed("stopped", `Stopped. ${problem}.`);
      }
      if (now() >= until) return notActed("refused", `${problem}. Plan again.`);
      await pauseFor(LOOK_EVERY, stops.signal(job.run.number));
    }
  };
}
