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

/** ms; a timer takes no more than 24.8 days, and then looks again. */
const LONGEST_TIMER = 86_400_000;

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

interface State {
  steps: readonly PlannedStep[];
  begun: ReadonlySet<string>;
  good: ReadonlySet<string>;
  /** ms since the run began. */
  age: number;
}

/** Steps that may begin: not begun, and everything they need has ended well, or it is their time. */
function ready({ steps, begun, good, age }: State): PlannedStep[] {
  return steps.filter(
    ({ id, needs, opens }) =>
      !begun.has(id) && (needs.every((need) => good.has(need)) || (opens !== undefined && age >= opens)),
  );
}

/** ms until the next step begins by the clock; undefined: none will. */
function untilNext({ steps, begun, age }: State): number | undefined {
  const times = steps.flatMap(({ id, opens }) => (opens === undefined || begun.has(id) ? [] : [opens - age]));
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times));
}

/**
 * Carries the steps of a run out, each as soon as what it needs has ended. When one ends the run nothing more begins;
 * what is under way is seen through, but for steps that only look. Safe to call again after a crash: the rows tell.
 */
export function createCarryOut(
  { db, now }: RunsOptions,
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

    const began = job.run.started_at ?? job.run.created_at;
    for (;;) {
      const state: State = { steps, begun, good, age: now().getTime() - began.getTime() };
      if (!halt.signal.aborted) for (const step of ready(state)) begin(step);
      if (running.size === 0) break;
      const wait = halt.signal.aborted ? undefined : untilNext(state);
      const woken = new AbortController();
      const clock =
        wait === undefined
          ? []
          : [
              setTimeout(Math.min(wait, LONGEST_TIMER), undefined, { signal: woken.signal }).catch(
                () => undefined,
              ),
            ];
      await Promise.race([...running.values(), ...clock]);
      woken.abort();
    }
    if (broken.length > 0) throw broken[0];
  };
}
