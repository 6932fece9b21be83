import type { Scope } from "../../domain/access.ts";
import type { Actor } from "../../domain/actor.ts";
import { callName, type PlannedStep, type Warning } from "../../domain/plan.ts";
import type { Authorizer } from "../authorizer.ts";
import type { ActionContext } from "../playbooks/action.ts";

/** Every call of every step, asked of the cluster as the actor, before anybody says yes. */
export async function preflight(steps: PlannedStep[], where: ActionContext): Promise<PlannedStep[]> {
  if (where.actor.kind !== "person") return steps;
  const permits = await where.cluster.permits(steps.flatMap((step) => step.calls));
  const denied = new Set(permits.filter((permit) => !permit.allowed).map((permit) => callName(permit.call)));
  return steps.map((step) => {
    const missing = [...new Set(step.calls.map(callName))].filter((name) => denied.has(name));
    const warnings: Warning[] = missing.map((name) => ({
      level: "block",
      text: `Your Kubernetes user may not ${name}.`,
      next: "Ask somebody who may, or whoever keeps the cluster's RBAC.",
    }));
    return warnings.length === 0 ? step : { ...step, warnings: [...step.warnings, ...warnings] };
  });
}

/** What crai itself must allow the person, for each step. */
export async function demandActions(
  steps: readonly PlannedStep[],
  { actor, scope, authorizer }: { actor: Actor; scope: Scope; authorizer: Authorizer },
): Promise<void> {
  if (actor.kind !== "person") return;
  for (const permission of new Set(steps.map((step) => step.permission)))
    await authorizer.demand(actor, permission, scope);
}
