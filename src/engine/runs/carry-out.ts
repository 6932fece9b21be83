import { setTimeout } from "node:timers/promises";
import type { PlannedStep } from "../../domain/plan.ts";
import { stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { createCarryOutStep } from "./carry-out-step.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

/** Told by whoever carries a run out before somebody's eyes. */
export interface Progress {
  begun(step: PlannedStep): void;
  ended(row: Row<"run_step">): void;
}

/** Tries for a step that broke: the database may be away for a moment. What it had done it finds in the rows and in the world. */
const MOST_TRIES = 5;
/** ms until the second try; doubled each time. */
const AGAIN_AFTER = 1000;

async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await setTimeout(AGAIN_AFTER * 2 ** (tries - 1));
    }
  }
}

/** Steps that may begin: not begun, and everything they need has ended well. */
function ready(
  steps: readonly PlannedStep[],
  begun: ReadonlySet<string>,
  good: ReadonlySet<string>,
): PlannedStep[] {
  return steps.filter(({ id, needs }) => !begun.has(id) && needs.every((need) => good.has(need)));
}

/**
 * Carries the steps of a run out, each as soon as what it needs has ended. When one ends the run nothing more begins;
 * what is under way is seen through, but for steps that only look. Safe to call again after a crash: the rows tell.
 */
export function createCarryOut(
  { db }: RunsOptions,
  record: RunRecord,
  carryOutStep: ReturnType<typeof createCarryOutStep>,
) {
  return async (number: number, progress?: Progress): Promise<void> => {
    const job: Job = await record.load(number);
    const { steps } = job.stored.plan;
    const [begun, good] = [new Set<string>(), new Set<string>()];
    const running = new Map<string, Promise<void>>();
    const halt = new AbortController();
    const broken: unknown[] = [];

    async function one(step: PlannedStep): Promise<void> {
      progress?.begun(step);
      const position = steps.indexOf(step);
      try {
        const goesOn = await patiently(() => carryOutStep({ job, step, position, halted: halt.signal }));
        if (goesOn) good.add(step.id);
        else halt.abort();
      } catch (error) {
        broken.push(error);
        halt.abort();
      }
      if (progress) {
        const row = (await stepsOf(db, number)).find((candidate) => candidate.step === step.id);
        if (row) progress.ended(row);
      }
    }

    function begin(step: PlannedStep): void {
      begun.add(step.id);
      running.set(
        step.id,
        one(step).finally(() => running.delete(step.id)),
      );
    }

    for (;;) {
      if (!halt.signal.aborted) for (const step of ready(steps, begun, good)) begin(step);
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
    if (broken.length > 0) throw broken[0];
  };
}
