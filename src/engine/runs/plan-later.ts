import { isUserError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { settleStep, type StepEnd, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { readParams } from "../plans/plan-steps.ts";
import { resolve } from "../playbooks/expressions.ts";
import type { JsonObject } from "../ports.ts";
import { inWords } from "./errors.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job } from "./run-record.ts";
import { runVariables } from "./step-variables.ts";

type StepRow = Row<"run_step"> & { begun: boolean };

type Settled = { planned: true; row: StepRow } | { planned: false; end: StepEnd };

/** Plans a step whose parameters hang on how earlier ones ended. Only steps that look: nothing is changed unseen. */
export function createPlanLater({ db, planner, actions }: RunsOptions) {
  async function settle({ run, stored }: Job, step: PlannedStep): Promise<PlannedStep> {
    const frame = step.later?.with ?? null;
    const action = actions.get(step.action);
    if (frame === null || !action) return step;
    if (action.apply !== undefined) throw new Error(`${step.id} changes things and was not planned`);
    const given = resolve(step.with, runVariables(frame, await stepsOf(db, run.number))) as JsonObject;
    const position = stored.plan.steps.findIndex(({ id }) => id === step.id);
    const before = stored.plan.steps.slice(0, position);
    const context = await planner.contexts.for(action, {
      ...step.about,
      actor: run.actor,
      before,
      inHand: null,
      incident: run.incident,
    });
    const planned = await action.plan(readParams(action, step.id, given), context);
    const title = step.title === step.action ? planned.title : step.title;
    const { calls, state } = planned;
    return { ...step, title, with: given, calls, state, later: { when: step.later?.when ?? [], with: null } };
  }

  return async (job: Job, row: StepRow): Promise<Settled> => {
    if ((row.document.later?.with ?? null) === null) return { planned: true, row };
    try {
      const document = await settle(job, row.document);
      await settleStep(db, job.run.number, document);
      return { planned: true, row: { ...row, document } };
    } catch (error) {
      if (!isUserError(error)) throw error;
      return { planned: false, end: { outcome: "failed", detail: inWords(error), evidence: [] } };
    }
  };
}
