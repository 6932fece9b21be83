import type { Actor } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import { type Plan, type PlannedStep, planRisk } from "../../domain/plan.ts";
import { planByNumber } from "../../store/plans.ts";
import { mayHaveWritten, runByNumber, stepsOf } from "../../store/runs.ts";
import { noRun } from "../commands/references.ts";
import type { MakeContext } from "./action-context.ts";
import type { Actions } from "../playbooks/loaded.ts";
import { bareStep } from "./bare-step.ts";
import type { ConcreteStep } from "./expand.ts";
import { planSteps } from "./plan-steps.ts";
import { stillStands } from "./still-stands.ts";
import type { Drift, PlannerOptions } from "./planning.ts";
import { demandActions, preflight } from "./preflight.ts";

export type UndoDraft = { actor: Actor; incident: number | null; reason: string | null } & Drift;

/** A look of the plan that is undone, for what comes after the undoing. */
function lookAgain(step: PlannedStep, needs: string[]): ConcreteStep {
  const { id, action, with: given, about, locks, timeout, verifies } = step;
  // Not what it had planned for the run that is undone: that waits for the template which this one takes away.
  return { ...bareStep({ id, action, with: given, about, locks }, needs), timeout, verifies };
}

/** One after the other. */
function inOrder(steps: readonly ((needs: string[]) => ConcreteStep)[]): ConcreteStep[] {
  const all: ConcreteStep[] = [];
  for (const step of steps) all.push(step(all.slice(-1).map(({ id }) => id)));
  return all;
}

/** Looks that tell how it went; what people were asked is not asked again. */
function isCheck(step: PlannedStep, actions: Actions): boolean {
  if (actions.get(step.action)?.prepares === true) return false;
  return !step.mutates && step.scopes.length > 0 && (step.later?.with ?? null) === null;
}

/** Plans the inverses that a run recorded before it acted, newest first but for those that go first, and then all that its plan looks at. */
export function createUndoDraft(
  { db, actions, clusters, authorizer }: PlannerOptions,
  contexts: MakeContext,
) {
  return async (run: number, request: UndoDraft): Promise<Plan> => {
    const row = await runByNumber(db, run);
    const stored = row && (await planByNumber(db, row.plan));
    if (!row || !stored) throw noRun(run);
    const acted = stillStands(await stepsOf(db, run)).filter(mayHaveWritten);
    const undone = acted
      .flatMap(({ document: { inverse, about, locks } }) =>
        inverse === null ? [] : [{ inverse, about, locks }],
      )
      .reverse()
      .toSorted((a, b) => Number(b.inverse.first ?? false) - Number(a.inverse.first ?? false));
    if (undone.length === 0) {
      throw new UserError(`R${run} has nothing to undo.`, {
        why: acted.length === 0 ? "It changed nothing." : "No inverse is known for what it did.",
        next: "`history` shows what the workload was before.",
      });
    }
    const { actor, incident, reason } = request;
    const steps = await planSteps(
      inOrder([
        ...undone.map(
          ({ about, locks, inverse }, index) =>
            (needs: string[]) =>
              bareStep(
                {
                  id: `undo-${index + 1}`,
                  action: inverse.action,
                  with: inverse.with,
                  about,
                  locks,
                },
                needs,
              ),
        ),
        // Also those the run never reached: an undo ends on the same evidence.
        ...stored.plan.steps
          .filter((step) => isCheck(step, actions))
          .map((step) => (needs: string[]) => lookAgain(step, needs)),
      ]),
      { actor, actions, contexts, incident },
    );
    await demandActions(steps, { actor, authorizer });
    return {
      title: `Undo R${run}: ${undone.map(({ inverse }) => inverse.title).join(", ")}`,
      playbook: { name: "undo", version: 1, digest: "" },
      inputs: { run },
      app: row.app,
      environment: row.environment,
      actor,
      incident,
      reason,
      undoes: run,
      // Taking back what needed a second person needs one too.
      risk: planRisk(stored.plan.risk === "guarded" ? "guarded" : "reversible", steps),
      approvals: stored.plan.approvals,
      onFailure: "stop",
      warnings: [],
      steps: request.drift === true ? steps : await preflight(steps, { actor, clusters }),
    };
  };
}
