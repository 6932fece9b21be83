import { isError, isUserError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { mayHaveWritten, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { bareStep } from "../plans/bare-step.ts";
import { BACK } from "../plans/still-stands.ts";
import { planSteps } from "../plans/plan-steps.ts";
import type { createCarryOutStep } from "./carry-out-step.ts";
import { inWords } from "./errors.ts";
import { judge } from "./judge-run.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

type Back = { step: PlannedStep } | { why: string };

/**
 * Puts back what a run has changed when a later step failed, last change first. Only what is recorded as healthier than
 * what is there: anything else is left for people, and why is said. Returns what to say of it; null: nothing was to be
 * put back.
 */
export function createCompensate(
  { db, planner, actions }: RunsOptions,
  record: RunRecord,
  carryOutStep: ReturnType<typeof createCarryOutStep>,
) {
  async function backOf({ run }: Job, { document }: Row<"run_step">): Promise<Back> {
    const back = document.compensate ?? document.inverse;
    if (back === null) return { why: "no inverse is known" };
    const action = actions.get(back.action);
    if (action?.isHealthier === undefined) return { why: `${back.action} is for people to decide` };
    const { about, locks } = document;
    const { actor } = run;
    const wanted = bareStep(
      { id: `${BACK}${document.id}`, action: back.action, with: back.with, about, locks },
      [],
    );
    const [step] = await planSteps([wanted], {
      actor,
      actions,
      contexts: planner.contexts,
      incident: run.incident,
    });
    const context = await planner.contexts.for(action, { ...about, actor, before: [], inHand: null });
    const { healthier, why } = await action.isHealthier(step!.state, context);
    return healthier ? { step: step! } : { why };
  }

  async function putBack(job: Job, row: Row<"run_step">, position: number): Promise<string> {
    const id = `${BACK}${row.step}`;
    const before = (await stepsOf(db, job.run.number)).find(({ step }) => step === id)?.document;
    const back: Back = before === undefined ? await backOf(job, row) : { step: before };
    if ("why" in back) return `${row.document.title} stands: ${back.why}.`;
    const halted = new AbortController().signal;
    const done = await carryOutStep({ job, step: back.step, position, halted });
    return done
      ? `${back.step.title} was done by itself.`
      : `${back.step.title} was tried and did not succeed.`;
  }

  return async (number: number): Promise<string | null> => {
    const job = await record.load(number);
    const { plan } = job.stored;
    const rows = await stepsOf(db, number);
    const { outcome } = judge(plan, rows);
    if (plan.onFailure !== "compensate" || (outcome !== "failed" && outcome !== "unknown")) return null;
    const acted = rows.filter((row) => mayHaveWritten(row) && !row.step.startsWith(BACK)).reverse();
    const said: string[] = [];
    for (const [index, row] of acted.entries()) {
      try {
        said.push(await putBack(job, row, plan.steps.length + index));
      } catch (error) {
        if (!isUserError(error) && !isError(error, "ClusterUnreachable")) throw error;
        said.push(`${row.document.title} stands: ${isUserError(error) ? inWords(error) : error.message}`);
      }
    }
    return said.length === 0 ? null : said.join(" ");
  };
}
