import type { Actor } from "../../domain/actor.ts";
import { callName, type PlannedStep, type ResourceCall, type Warning } from "../../domain/plan.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Clusters } from "../ports.ts";

function byCluster(steps: readonly PlannedStep[]): Map<string, ResourceCall[]> {
  const calls = new Map<string, ResourceCall[]>();
  for (const call of steps.flatMap((step) => step.calls))
    calls.set(call.cluster, [...(calls.get(call.cluster) ?? []), call]);
  return calls;
}

function nameOf(call: ResourceCall): string {
  return `${call.cluster} ${callName(call)}`;
}

/** Every call of every step, asked of its cluster as the actor, before anybody says yes. */
export async function preflight(
  steps: PlannedStep[],
  { actor, clusters }: { actor: Actor; clusters: Clusters },
): Promise<PlannedStep[]> {
  if (actor.kind !== "person") return steps;
  const permits = await Promise.all(
    [...byCluster(steps)].map(([cluster, calls]) => clusters.as(actor, cluster).permits(calls)),
  );
  const denied = new Set(
    permits
      .flat()
      .filter(({ allowed }) => !allowed)
      .map(({ call }) => nameOf(call)),
  );
  return steps.map((step) => {
    const missing = step.calls.filter((call) => denied.has(nameOf(call))).map(callName);
    const warnings: Warning[] = [...new Set(missing)].map((name) => ({
      // What only looks and may fail says itself what it could not see.
      level: step.continueOnFailure && !step.mutates ? "warn" : "block",
      text: `Your Kubernetes user may not ${name}.`,
      next: "Ask somebody who may, or whoever keeps the cluster's RBAC.",
    }));
    return warnings.length === 0 ? step : { ...step, warnings: [...step.warnings, ...warnings] };
  });
}

/** What crai itself must allow the person, for each step and everything it is about. */
export async function demandActions(
  steps: readonly PlannedStep[],
  { actor, authorizer }: { actor: Actor; authorizer: Authorizer },
): Promise<void> {
  if (actor.kind !== "person") return;
  const asked = new Set<string>();
  for (const { permission, scopes } of steps) {
    for (const scope of scopes) {
      const key = JSON.stringify([permission, scope]);
      if (!asked.has(key)) await authorizer.demand(actor, permission, scope);
      asked.add(key);
    }
  }
}
