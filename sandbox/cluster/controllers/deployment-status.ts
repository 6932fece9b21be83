import { sameJson } from "../object.ts";
import { conditionOf, withCondition, withoutCondition } from "./conditions.ts";
import type { Workbench } from "./controller.ts";
import { allSets, hasDeadline, saveStatus, size } from "./deployment-sets.ts";
import type { Rollout } from "./deployment-sets.ts";
import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from "./objects.ts";
import { keyOf } from "./ownership.ts";
import { counted } from "./replica-set.ts";
import { desiredReplicas, rolloutLimits } from "./rolling-update.ts";

/** What the ReplicaSets add up to; without a word on progress, which only a rollout has. */
export function countedStatus(bench: Workbench, rollout: Rollout): DeploymentStatus {
  const { deployment, newSet } = rollout;
  const sets = allSets(rollout);
  const sum = (count: (set: ReplicaSet) => number | undefined): number =>
    sets.reduce((total, set) => total + (count(set) ?? 0), 0);
  const available = sum((set) => set.status?.availableReplicas);
  const enough = available >= desiredReplicas(deployment) - rolloutLimits(deployment).maxUnavailable;
  const { collisionCount, conditions } = deployment.status ?? {};
  return {
    ...counted({
      availableReplicas: available,
      readyReplicas: sum((set) => set.status?.readyReplicas),
      replicas: sum((set) => set.status?.replicas),
      unavailableReplicas: Math.max(0, sum(size) - available),
      updatedReplicas: newSet?.status?.replicas ?? 0,
    }),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: withCondition(conditions, enough ? enoughPods : tooFewPods, bench.now()),
    observedGeneration: deployment.metadata.generation ?? 1,
  };
}

const enoughPods = {
  type: "Available",
  status: "True",
  reason: "MinimumReplicasAvailable",
  message: "Deployment has minimum availability.",
} as const;
const tooFewPods = {
  type: "Available",
  status: "False",
  reason: "MinimumReplicasUnavailable",
  message: "Deployment does not have minimum availability.",
} as const;

export function isComplete(deployment: Deployment, status: DeploymentStatus = {}): boolean {
  const desired = desiredReplicas(deployment);
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas];
  const seen = (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  return seen && counts.every((count) => (count ?? 0) === desired);
}

function hasMoved(before: DeploymentStatus = {}, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const more = (field: "updatedReplicas" | "readyReplicas" | "availableReplicas"): boolean =>
    (after[field] ?? 0) > (before[field] ?? 0);
  return (
    more("updatedReplicas") || more("readyReplicas") || more("availableReplicas") || old(after) < old(before)
  );
}

/** Status in the middle of a rollout: how far it is, and whether its deadline has passed. */
export function syncRolloutStatus(bench: Workbench, rollout: Rollout): void {
  const { deployment } = rollout;
  const status = countedStatus(bench, rollout);
  status.conditions = withFailures(progressConditions(bench, rollout, status), rollout);
  if (!sameJson(status, deployment.status)) {
    saveStatus(bench, { ...deployment, status });
    return;
  }
  const current = conditionOf(status.conditions, "Progressing");
  if (!hasDeadline(deployment) || !current || current.reason === timedOut || isComplete(deployment, status))
    return;
  // Whole seconds are stored, so look a second later than the deadline.
  bench.again(keyOf(deployment), Math.max(deadlineAt(deployment, current) - bench.now().getTime(), 0) + 1000);
}

/** A ReplicaSet that cannot create its pods is the Deployment's failure, too. */
function withFailures(conditions: Condition[], rollout: Rollout): Condition[] {
  const failure = [rollout.newSet, ...allSets(rollout)]
    .map((set) => conditionOf(set?.status?.conditions, "ReplicaFailure"))
    .find((condition) => condition !== undefined);
  const others = withoutCondition(conditions, "ReplicaFailure");
  if (!failure) return others;
  const since = failure.lastTransitionTime;
  return [...others, { ...failure, ...(since && { lastUpdateTime: since }) }];
}

const timedOut = "ProgressDeadlineExceeded";

function deadlineAt(deployment: Deployment, progressing: Condition): number {
  return Date.parse(progressing.lastUpdateTime ?? "") + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

function progressConditions(
  bench: Workbench,
  { deployment, newSet }: Rollout,
  status: DeploymentStatus,
): Condition[] {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, "Progressing");
  const current = conditionOf(deployment.status?.conditions, "Progressing");
  const done = "NewReplicaSetAvailable";
  if (current?.reason === done && status.replicas === status.updatedReplicas) return conditions;

  const what = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const say = (to: Condition[], said: Pick<Condition, "status" | "reason" | "message">): Condition[] =>
    withCondition(to, { type: "Progressing", ...said }, bench.now());
  if (isComplete(deployment, status)) {
    return say(conditions, { status: "True", reason: done, message: `${what} has successfully progressed.` });
  }
  if (hasMoved(deployment.status, status)) {
    const said = { status: "True", reason: "ReplicaSetUpdated", message: `${what} is progressing.` } as const;
    // Every step forward renews lastUpdateTime, even with the same reason: the deadline counts from it.
    return say(withoutCondition(conditions, "Progressing"), said).map((condition) =>
      condition.type === "Progressing" && current?.status === "True"
        ? { ...condition, lastTransitionTime: current.lastTransitionTime ?? null }
        : condition,
    );
  }
  const overdue =
    current && current.reason !== done && deadlineAt(deployment, current) < bench.now().getTime();
  if (!overdue && current?.reason !== timedOut) return conditions;
  return say(conditions, {
    status: "False",
    reason: timedOut,
    message: `${what} has timed out progressing.`,
  });
}

/** Pausing stops the deadline's clock; a deadline already missed stays said. */
export function syncPaused(bench: Workbench, deployment: Deployment): Deployment {
  const current = conditionOf(deployment.status?.conditions, "Progressing");
  if (!hasDeadline(deployment) || current?.reason === timedOut) return deployment;
  const wasPaused = current?.reason === "DeploymentPaused";
  const isPaused = deployment.spec.paused === true;
  if (wasPaused === isPaused) return deployment;
  const said = isPaused
    ? { reason: "DeploymentPaused", message: "Deployment is paused" }
    : { reason: "DeploymentResumed", message: "Deployment is resumed" };
  const conditions = withCondition(
    deployment.status?.conditions,
    { type: "Progressing", status: "Unknown", ...said },
    bench.now(),
  );
  return saveStatus(bench, { ...deployment, status: { ...deployment.status, conditions } });
}
