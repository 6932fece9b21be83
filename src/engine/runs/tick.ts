import type { PlannedStep } from "../../domain/plan.ts";
import type { StepAnswer } from "../../domain/run.ts";
import { insertAnswer } from "../../store/step-answers.ts";
import type { Action } from "../playbooks/action.ts";
import { createAskPeople } from "./ask-people.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

/** Keeps what crai itself has found an item to be, as a person's tick is kept, and shows it at once. */
export function createTick(options: RunsOptions, record: RunRecord) {
  const { db, wakeOutbox, now } = options;
  const askPeople = createAskPeople(options);
  return async (
    job: Job,
    { action, step }: { action: Action; step: PlannedStep },
    { item, found }: { item: string; found: string },
  ): Promise<void> => {
    const actor = { kind: "observer" } as const;
    const answer: StepAnswer = { item, value: true, actor, note: found, at: now() };
    const run = job.run.number;
    await db.transaction().execute(async (trx) => {
      const { isNew } = await insertAnswer(trx, { run, step: step.id }, answer);
      if (!isNew) return;
      await record.append(trx, job, {
        key: `step:${step.id}:found:${item}`,
        actor,
        fact: {
          kind: "step.answered",
          run,
          step: step.id,
          title: action.people?.itemText(step.state, item) ?? step.title,
          answer: "yes",
          note: found,
        },
      });
      await askPeople(trx, job, step, { action, open: true });
    });
    wakeOutbox();
  };
}
