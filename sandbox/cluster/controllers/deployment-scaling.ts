import { sameJson } from "../object.ts";
import type { Workbench } from "./controller.ts";
import { allSets, annotation, newSetSize, size, sizeAnnotations, totalSize } from "./deployment-sets.ts";
import type { Rollout } from "./deployment-sets.ts";
import type { Deployment, ReplicaSet } from "./objects.ts";
import { byAge } from "./ownership.ts";
import { desiredReplicas, isRollingUpdate, rolloutLimits } from "./rolling-update.ts";

/** Sets the size of a ReplicaSet and says so on its Deployment; undefined when nothing was to change. */
export function scaleSet(
  bench: Workbench,
  deployment: Deployment,
  set: ReplicaSet,
  to: number,
): ReplicaSet | undefined {
  const from = size(set);
  const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
  if (from === to && sameJson(annotations, set.metadata.annotations)) return undefined;
  const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: to } };
  const stored = bench.store.update("replicasets", next, bench.by()) as ReplicaSet;
  if (from !== to) {
    const message = `Scaled ${from < to ? "up" : "down"} replica set ${set.metadata.name} from ${from} to ${to}`;
    bench.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
  }
  return stored;
}

/** Somebody changed spec.replicas: a set that has pods still carries the former number. */
export function isScaling(rollout: Rollout): boolean {
  return allSets(rollout).some((set) => {
    const noted = set.metadata.annotations?.[annotation.desired];
    return size(set) > 0 && noted !== undefined && Number(noted) !== desiredReplicas(rollout.deployment);
  });
}

/**
 * Resizes without moving the rollout on: one active set takes it all; in the middle of a rolling update every
 * active set grows or shrinks by its share, and the largest takes what rounding leaves.
 */
export function scaleDeployment(bench: Workbench, rollout: Rollout): void {
  const { deployment, newSet, oldSets } = rollout;
  const desired = desiredReplicas(deployment);
  const active = allSets(rollout).filter((set) => size(set) > 0);
  const only = active.length === 0 ? (newSet ?? oldSets.toSorted(byAge).at(-1)) : active[0];
  if (!only) return;
  if (active.length <= 1) {
    if (size(only) !== desired) scaleSet(bench, deployment, only, desired);
    return;
  }
  if (isSaturated(deployment, newSet)) {
    for (const old of active.filter((set) => set !== newSet)) scaleSet(bench, deployment, old, 0);
    return;
  }
  if (isRollingUpdate(deployment)) scaleByShare(bench, deployment, active);
}

function isSaturated(deployment: Deployment, set: ReplicaSet | undefined): boolean {
  const desired = desiredReplicas(deployment);
  if (!set || size(set) !== desired || set.status?.availableReplicas !== desired) return false;
  return Number(set.metadata.annotations?.[annotation.desired]) === desired;
}

function scaleByShare(bench: Workbench, deployment: Deployment, active: ReplicaSet[]): void {
  const desired = desiredReplicas(deployment);
  const allowed = desired > 0 ? desired + rolloutLimits(deployment).maxSurge : 0;
  const toAdd = allowed - totalSize(active);
  const largestFirst = active.toSorted(
    (a, b) => size(b) - size(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  let added = 0;
  const sizes = largestFirst.map((set) => {
    const share = shareOf(deployment, set, allowed, toAdd - added);
    added += share;
    return size(set) + share;
  });
  sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  for (const [index, set] of largestFirst.entries()) scaleSet(bench, deployment, set, sizes[index]!);
}

function shareOf(deployment: Deployment, set: ReplicaSet, allowed: number, left: number): number {
  if (left === 0) return 0;
  if (desiredReplicas(deployment) === 0) return -size(set);
  const most = Number(set.metadata.annotations?.[annotation.most] ?? 0) || (deployment.status?.replicas ?? 0);
  if (most === 0) return 0;
  const share = Math.round((size(set) * allowed) / most) - size(set);
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
}

/** One step of a rolling update: up if there is room, else down; false when neither. */
export function moveRollingUpdate(bench: Workbench, rollout: Rollout): boolean {
  const { deployment, newSet, oldSets } = rollout;
  if (!newSet) return false;
  const desired = desiredReplicas(deployment);
  const target = size(newSet) > desired ? desired : newSetSize(deployment, oldSets, newSet);
  if (target !== size(newSet)) {
    rollout.newSet = scaleSet(bench, deployment, newSet, target) ?? newSet;
    return true;
  }
  return scaleDownOld(bench, rollout, newSet);
}

function scaleDownOld(bench: Workbench, rollout: Rollout, newSet: ReplicaSet): boolean {
  const { deployment } = rollout;
  const minAvailable = desiredReplicas(deployment) - rolloutLimits(deployment).maxUnavailable;
  const newUnavailable = size(newSet) - available(newSet);
  let unhealthyLeft = totalSize(allSets(rollout)) - minAvailable - newUnavailable;
  if (totalSize(rollout.oldSets) === 0 || unhealthyLeft <= 0) return false;

  let moved = false;
  function shrink(set: ReplicaSet, by: number): ReplicaSet {
    moved = true;
    return scaleSet(bench, deployment, set, size(set) - by) ?? set;
  }

  // Broken pods of old sets go first: they serve nobody and would block the rollout.
  const cleaned = rollout.oldSets.toSorted(byAge).map((set) => {
    const broken = Math.min(unhealthyLeft, size(set) - available(set));
    if (broken <= 0) return set;
    unhealthyLeft -= broken;
    return shrink(set, broken);
  });
  let left = [...cleaned, newSet].reduce((sum, set) => sum + available(set), 0) - minAvailable;
  rollout.oldSets = cleaned.map((set) => {
    const some = Math.min(size(set), left);
    if (some <= 0) return set;
    left -= some;
    return shrink(set, some);
  });
  return moved;
}

function available(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0;
}
