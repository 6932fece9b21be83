import { sameJson } from "../object.ts";
import { claim } from "./claim.ts";
import { addSelfOrController } from "./controller.ts";
import type { Controller, Workbench } from "./controller.ts";
import { isScaling, moveRollingUpdate, scaleDeployment, scaleSet } from "./deployment-scaling.ts";
import { ensureNewSet, revisionOf, saveStatus, size, sortSets, syncRevision } from "./deployment-sets.ts";
import type { Rollout } from "./deployment-sets.ts";
import { countedStatus, isComplete, syncPaused, syncRolloutStatus } from "./deployment-status.ts";
import type { Deployment, Pod, ReplicaSet } from "./objects.ts";
import { byAge, controllerOf, splitKey } from "./ownership.ts";
import { isFinished } from "./pod-readiness.ts";
import { desiredReplicas, isRollingUpdate } from "./rolling-update.ts";

export const deploymentController: Controller = {
  observe(plural, object, add, type) {
    if (plural === "deployments" || plural === "replicasets") {
      addSelfOrController(object, { isSelf: plural === "deployments", ownerKind: "Deployment" }, add);
    }
    // The Recreate strategy waits for the last old pod to be gone.
    if (plural === "pods" && type === "DELETED") addDeploymentOf(object as Pod, add);
  },
  reconcile,
};

function addDeploymentOf(pod: Pod, add: (key: string) => void): void {
  const hash = pod.metadata.labels?.["pod-template-hash"];
  const owner = controllerOf(pod);
  if (hash && owner?.kind === "ReplicaSet")
    add(`${pod.metadata.namespace}/${owner.name.slice(0, -hash.length - 1)}`);
}

function reconcile(bench: Workbench, key: string): void {
  const found = bench.store.get("deployments", ...splitKey(key)) as Deployment | undefined;
  if (!found) return;
  const sets = claim(bench, "replicasets", found, found.spec.selector) as ReplicaSet[];
  if (found.metadata.deletionTimestamp) return syncCounts(bench, sortSets(found, sets));

  const deployment = syncPaused(bench, found);
  const rollout = syncRevision(bench, sortSets(deployment, sets));
  if (deployment.spec.paused || isScaling(rollout)) {
    scaleDeployment(bench, rollout);
    if (deployment.spec.paused) cleanUp(bench, rollout);
    return syncCounts(bench, current(bench, rollout));
  }
  if (isRollingUpdate(deployment)) rollingUpdate(bench, rollout);
  else recreate(bench, rollout);
}

/** The sets as they are stored after the writes of this round. */
function current(bench: Workbench, rollout: Rollout): Rollout {
  const { deployment } = rollout;
  const sets = claim(bench, "replicasets", deployment, deployment.spec.selector) as ReplicaSet[];
  return sortSets(deployment, sets);
}

function syncCounts(bench: Workbench, rollout: Rollout): void {
  const status = countedStatus(bench, rollout);
  if (!sameJson(status, rollout.deployment.status)) saveStatus(bench, { ...rollout.deployment, status });
}

function rollingUpdate(bench: Workbench, before: Rollout): void {
  const rollout = ensureNewSet(bench, before);
  const moved = moveRollingUpdate(bench, rollout);
  if (!moved && isComplete(rollout.deployment, rollout.deployment.status)) cleanUp(bench, rollout);
  syncRolloutStatus(bench, rollout);
}

/** All old pods end before the first new one starts. */
function recreate(bench: Workbench, rollout: Rollout): void {
  const { deployment } = rollout;
  const active = rollout.oldSets.filter((set) => size(set) > 0);
  for (const set of active) scaleSet(bench, deployment, set, 0);
  if (active.length > 0 || oldPodsRemain(bench, rollout)) {
    syncRolloutStatus(bench, current(bench, rollout));
    return;
  }
  const ready = ensureNewSet(bench, rollout);
  ready.newSet = scaleSet(bench, deployment, ready.newSet!, desiredReplicas(deployment)) ?? ready.newSet;
  if (isComplete(ready.deployment, ready.deployment.status)) cleanUp(bench, ready);
  syncRolloutStatus(bench, ready);
}

function oldPodsRemain(bench: Workbench, { deployment, oldSets }: Rollout): boolean {
  if (oldSets.some((set) => (set.status?.replicas ?? 0) > 0)) return true;
  const old = new Set(oldSets.map((set) => set.metadata.uid));
  const pods = bench.store.list("pods", deployment.metadata.namespace) as Pod[];
  return pods.some((pod) => old.has(controllerOf(pod)?.uid) && !isFinished(pod));
}

/** Forgets the oldest empty sets beyond revisionHistoryLimit. */
function cleanUp(bench: Workbench, { deployment, oldSets }: Rollout): void {
  const limit = deployment.spec.revisionHistoryLimit;
  if (limit === undefined || limit >= 2 ** 31 - 1) return;
  const oldestFirst = oldSets.toSorted((a, b) => (revisionOf(a) ?? 0) - (revisionOf(b) ?? 0) || byAge(a, b));
  for (const set of oldestFirst.slice(0, Math.max(0, oldSets.length - limit))) {
    const unseen = (set.metadata.generation ?? 0) > (set.status?.observedGeneration ?? 0);
    if (size(set) > 0 || (set.status?.replicas ?? 0) > 0 || unseen) continue;
    bench.store.delete("replicasets", set.metadata.namespace, set.metadata.name, bench.by());
  }
}
