import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { conditionOf, withCondition } from "./conditions.ts";
import type { Workbench } from "./controller.ts";
import { templateHash } from "./hash.ts";
import type { Deployment, PodTemplate, ReplicaSet } from "./objects.ts";
import { byAge, controllerReference, isControlledBy } from "./ownership.ts";
import { desiredReplicas, isRollingUpdate, rolloutLimits } from "./rolling-update.ts";

export const annotation = {
  revision: "deployment.kubernetes.io/revision",
  history: "deployment.kubernetes.io/revision-history",
  desired: "deployment.kubernetes.io/desired-replicas",
  most: "deployment.kubernetes.io/max-replicas",
} as const;

const hashLabel = "pod-template-hash";

/** Annotations of a Deployment that are about itself, not about the release its ReplicaSet stands for. */
const notCopied = new Set<string>([
  ...Object.values(annotation),
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
]);

/** A Deployment with its ReplicaSets: the one of its present template, and all others. */
export interface Rollout {
  deployment: Deployment;
  newSet: ReplicaSet | undefined;
  oldSets: ReplicaSet[];
}

export function hasDeadline(deployment: Deployment): boolean {
  return (
    deployment.spec.progressDeadlineSeconds !== undefined &&
    deployment.spec.progressDeadlineSeconds < 2 ** 31 - 1
  );
}

export function size(set: ReplicaSet): number {
  return set.spec.replicas ?? 1;
}

export function totalSize(sets: ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + size(set), 0);
}

export function allSets({ newSet, oldSets }: Rollout): ReplicaSet[] {
  return newSet ? [...oldSets, newSet] : oldSets;
}

/** The number in the revision annotation: 0 without one, undefined when it is no number. */
export function revisionOf(object: KubeObject): number | undefined {
  const text = object.metadata.annotations?.[annotation.revision];
  if (text === undefined) return 0;
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Splits the sets into the oldest with the Deployment's template, whatever its hash, and the rest. */
export function sortSets(deployment: Deployment, sets: ReplicaSet[]): Rollout {
  const oldestFirst = sets.toSorted(byAge);
  const newSet = oldestFirst.find((set) => sameTemplate(set.spec.template, deployment.spec.template));
  return { deployment, newSet, oldSets: oldestFirst.filter((set) => set !== newSet) };
}

function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return sameJson(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplate): unknown {
  const { creationTimestamp: _created, labels, ...metadata } = template.metadata ?? {};
  const { [hashLabel]: _hash, ...own } = labels ?? {};
  return { metadata: { ...metadata, labels: own }, spec: template.spec };
}

/** Gives the new set its revision (the highest of the others plus one) and tells the Deployment. */
export function syncRevision(bench: Workbench, rollout: Rollout): Rollout {
  const { newSet } = rollout;
  if (!newSet) return rollout;
  const wanted = Math.max(0, ...rollout.oldSets.map((set) => revisionOf(set) ?? 0)) + 1;
  const annotations = releaseAnnotations(rollout.deployment, newSet, wanted);
  const minReadySeconds = rollout.deployment.spec.minReadySeconds;
  const next: ReplicaSet = {
    ...newSet,
    metadata: { ...newSet.metadata, annotations },
    spec: { ...newSet.spec, ...(minReadySeconds !== undefined && { minReadySeconds }) },
  };
  const stored = bench.store.update("replicasets", next, bench.by()) as ReplicaSet;
  let deployment = withRevision(rollout.deployment, annotations[annotation.revision]!);
  if (hasDeadline(deployment) && !conditionOf(deployment.status?.conditions, "Progressing")) {
    deployment = progressing(
      bench,
      deployment,
      "FoundNewReplicaSet",
      `Found new replica set "${stored.metadata.name}"`,
    );
  }
  return { ...rollout, newSet: stored, deployment: saveStatus(bench, deployment) };
}

function releaseAnnotations(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  wanted: number,
): Record<string, string> {
  const before = set?.metadata.annotations ?? {};
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  const result: Record<string, string> = { ...before, ...Object.fromEntries(copied) };
  const old = before[annotation.revision];
  if (set && revisionOf(set) === undefined) return result;
  if (Number(old ?? 0) >= wanted) return result;
  result[annotation.revision] = String(wanted);
  if (old !== undefined) {
    const history = before[annotation.history];
    result[annotation.history] = history ? `${history},${old}` : old;
  }
  return result;
}

function withRevision(deployment: Deployment, revision: string): Deployment {
  const annotations = { ...deployment.metadata.annotations, [annotation.revision]: revision };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}

function progressing(bench: Workbench, deployment: Deployment, reason: string, message: string): Deployment {
  const said = { type: "Progressing", status: "True", reason, message } as const;
  const conditions = withCondition(deployment.status?.conditions, said, bench.now());
  return { ...deployment, status: { ...deployment.status, conditions } };
}

/** Writes status and annotations, which a status update of a Deployment may carry without a new generation. */
export function saveStatus(bench: Workbench, deployment: Deployment): Deployment {
  return bench.store.updateStatus("deployments", deployment, bench.by()) as Deployment;
}

/** The new set, created when there is none. A taken name with another template is a hash collision: next try. */
export function ensureNewSet(bench: Workbench, rollout: Rollout): Rollout {
  if (rollout.newSet) return rollout;
  const { deployment } = rollout;
  const set = newReplicaSet(rollout);
  const taken = bench.store.get("replicasets", set.metadata.namespace, set.metadata.name) as
    | ReplicaSet
    | undefined;
  if (taken) {
    if (isControlledBy(taken, deployment) && sameTemplate(taken.spec.template, deployment.spec.template)) {
      return { ...rollout, newSet: taken };
    }
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const counted = saveStatus(bench, { ...deployment, status: { ...deployment.status, collisionCount } });
    return ensureNewSet(bench, { ...rollout, deployment: counted });
  }
  const created = bench.store.create("replicasets", set, bench.by()) as ReplicaSet;
  if (size(created) > 0) {
    const message = `Scaled up replica set ${created.metadata.name} from 0 to ${size(created)}`;
    bench.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
  }
  let next = withRevision(deployment, created.metadata.annotations![annotation.revision]!);
  if (hasDeadline(next)) {
    next = progressing(
      bench,
      next,
      "NewReplicaSetCreated",
      `Created new replica set "${created.metadata.name}"`,
    );
  }
  return { ...rollout, newSet: created, deployment: saveStatus(bench, next) };
}

function newReplicaSet({ deployment, oldSets }: Rollout): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const revision = Math.max(0, ...oldSets.map((set) => revisionOf(set) ?? 0)) + 1;
  const desired = desiredReplicas(deployment);
  const annotations = {
    ...releaseAnnotations(deployment, undefined, revision),
    ...sizeAnnotations(deployment),
  };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace!,
      labels,
      annotations,
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      replicas: isRollingUpdate(deployment) ? newSetSize(deployment, oldSets, undefined) : desired,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: 0 },
  };
}

/** How large the new set may be now, so that all sets together stay within replicas plus surge. */
export function newSetSize(
  deployment: Deployment,
  oldSets: ReplicaSet[],
  newSet: ReplicaSet | undefined,
): number {
  const present = newSet ? size(newSet) : 0;
  const desired = desiredReplicas(deployment);
  const room = desired + rolloutLimits(deployment).maxSurge - totalSize(oldSets) - present;
  return room <= 0 ? present : present + Math.min(room, desired - present);
}

export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const desired = desiredReplicas(deployment);
  return {
    [annotation.desired]: String(desired),
    [annotation.most]: String(desired + rolloutLimits(deployment).maxSurge),
  };
}
