import type { Actor } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import type { Plan, PlannedStep } from "../../domain/plan.ts";
import { planByNumber } from "../../store/plans.ts";
import { mayHaveWritten, runByNumber, stepsOf } from "../../store/runs.ts";
import { noRun } from "../commands/references.ts";
import type { createContext } from "./action-context.ts";
import { planSteps, type StepToPlan } from "./plan-steps.ts";
import type { Drift, PlannerOptions } from "./planning.ts";
import { demandActions, preflight } from "./preflight.ts";

export type UndoDraft = { actor: Actor; incident: number | null; reason: string | null } & Drift;

/** ms that putting one thing back may take. */
const UNDO_WITHIN = 600_000;

/** A look of the plan that is undone, for what comes after the undoing. */
function lookAgain({ id, action, with: given, timeout, verifies }: PlannedStep): StepToPlan {
  return { id, action, with: given, timeout, verifies };
}

/** Plans the inverses that a run recorded before it acted, newest first, and then all that its plan looks at. */
export function createUndoDraft(
  { db, actions, authorizer }: PlannerOptions,
  context: ReturnType<typeof createContext>,
) {
  return async (run: number, request: UndoDraft): Promise<Plan> => {
    const row = await runByNumber(db, run);
    const stored = row && (await planByNumber(db, row.plan));
    if (!row || !stored) throw noRun(run);
    const acted = (await stepsOf(db, run)).filter(mayHaveWritten);
    const inverses = acted
      .flatMap((step) => (step.document.inverse === null ? [] : [step.document.inverse]))
      .reverse();
    if (inverses.length === 0) {
      throw new UserError(`R${run} has nothing to undo.`, {
        why: acted.length === 0 ? "It changed nothing." : "No inverse is known for what it did.",
        next: "`history` shows what the workload was before.",
      });
    }
    const { actor, incident, reason } = request;
    const scope = { app: row.app, environment: row.environment };
    const where = await context({ ...scope, actor, before: [] });
    const steps = await planSteps(
      [
        ...inverses.map((inverse, index) => ({
          id: `undo-${index + 1}`,
          action: inverse.action,
          with: inverse.with,
          timeout: UNDO_WITHIN,
          verifies: false,
        })),
        // Also those the run never reached: an undo ends on the same evidence.
        ...stored.plan.steps.filter((step) => !step.mutates).map(lookAgain),
      ],
      where,
      actions,
    );
    await demandActions(steps, { actor, scope, authorizer });
    return {
      title: `Undo R${run}: ${inverses.map((inverse) => inverse.title).join(", ")}`,
      playbook: { name: "undo", version: 1, digest: "" },
      inputs: { run },
      ...scope,
      actor,
      incident,
      reason,
      undoes: run,
      // Taking back what needed a second person needs one too.
      risk: stored.plan.risk === "guarded" ? "guarded" : "reversible",
      steps: request.drift === true ? steps : await preflight(steps, where),
    };
  };
}
