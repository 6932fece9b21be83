import { sameJson, timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { claim } from "./claim.ts";
import { conditionOf, withoutCondition } from "./conditions.ts";
import { addSelfOrController } from "./controller.ts";
import type { Controller, Workbench } from "./controller.ts";
import type { Pod, ReplicaSet, ReplicaSetStatus } from "./objects.ts";
import { byAge, controllerOf, keyOf, splitKey } from "./ownership.ts";
import { availableInMs, isActive, isAvailable, isReady, restartsOf } from "./pod-readiness.ts";
import { createPod, deletePod } from "./pods.ts";
import { selects } from "./selectors.ts";

export const replicaSetController: Controller = {
  observe(plural, object, add) {
    if (plural !== "replicasets" && plural !== "pods") return;
    addSelfOrController(object, { isSelf: plural === "replicasets", ownerKind: "ReplicaSet" }, add);
  },
  reconcile,
};

function reconcile(bench: Workbench, key: string): void {
  const set = bench.store.get("replicasets", ...splitKey(key)) as ReplicaSet | undefined;
  if (!set) return;
  const pods = claim(bench, "pods", set, set.spec.selector) as Pod[];
  const active = pods.filter(isActive);
  let failure: Error | undefined;
  if (!set.metadata.deletionTimestamp) {
    try {
      manage(bench, set, active);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
  }
  const isMine = (pod: KubeObject): boolean => controllerOf(pod)?.uid === set.metadata.uid;
  const mine = bench.store.list("pods", set.metadata.namespace, isMine) as Pod[];
  updateStatus(bench, set, mine, failure);
  if (failure) throw failure;
}

function manage(bench: Workbench, set: ReplicaSet, active: Pod[]): void {
  const missing = (set.spec.replicas ?? 1) - active.length;
  for (let made = 0; made < missing; made++) createPod(bench, set, set.spec.template);
  if (missing >= 0) return;
  for (const pod of ranked(bench, set, active).slice(0, -missing)) deletePod(bench, set, pod);
}

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Who goes first when there are too many: unscheduled, pending, not Ready, more pods of the same owner on the
 * node, Ready for a shorter time, more restarts, younger.
 */
function ranked(bench: Workbench, set: ReplicaSet, pods: Pod[]): Pod[] {
  const related = relatedPods(bench, set);
  const together = (pod: Pod): number =>
    related.filter((other) => other.spec.nodeName === pod.spec.nodeName && isActive(other)).length;
  const readySince = (pod: Pod): string =>
    pod.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime ?? "";
  return pods.toSorted(
    (a, b) =>
      Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
      (phaseRank[a.status?.phase ?? ""] ?? 0) - (phaseRank[b.status?.phase ?? ""] ?? 0) ||
      Number(isReady(a)) - Number(isReady(b)) ||
      together(b) - together(a) ||
      readySince(b).localeCompare(readySince(a)) ||
      restartsOf(b) - restartsOf(a) ||
      byAge(b, a),
  );
}

/** The pods of all ReplicaSets of the same Deployment: they share nodes. */
function relatedPods(bench: Workbench, set: ReplicaSet): Pod[] {
  const owner = controllerOf(set);
  const sets = bench.store
    .list("replicasets", set.metadata.namespace)
    .filter(
      (other) => other.metadata.uid === set.metadata.uid || (owner && controllerOf(other)?.uid === owner.uid),
    );
  const uids = new Set(sets.map((other: KubeObject) => other.metadata.uid));
  const isRelated = (pod: KubeObject): boolean => uids.has(controllerOf(pod)?.uid);
  return bench.store.list("pods", set.metadata.namespace, isRelated) as Pod[];
}

function updateStatus(bench: Workbench, set: ReplicaSet, pods: Pod[], failure?: Error): void {
  const minReady = set.spec.minReadySeconds ?? 0;
  const active = pods.filter(isActive);
  const ready = active.filter(isReady);
  const available = ready.filter((pod) => isAvailable(pod, minReady, bench.now()));
  const status: ReplicaSetStatus = {
    ...conditionsAfter(set, failure, bench.now()),
    ...counted({
      availableReplicas: available.length,
      fullyLabeledReplicas: active.filter((pod) => carriesTemplateLabels(set, pod)).length,
      readyReplicas: ready.length,
    }),
    observedGeneration: set.metadata.generation ?? 1,
    replicas: active.length,
  };
  if (!sameJson(status, set.status)) bench.store.updateStatus("replicasets", { ...set, status }, bench.by());
  const next = ready.map((pod) => availableInMs(pod, minReady, bench.now())).filter((ms) => ms > 0);
  if (next.length > 0) bench.again(keyOf(set), Math.min(...next) + 10);
}

/** Says that pods cannot be created, for as long as they cannot. */
function conditionsAfter(
  { status }: ReplicaSet,
  failure: Error | undefined,
  now: Date,
): Pick<ReplicaSetStatus, "conditions"> {
  const others = withoutCondition(status?.conditions, "ReplicaFailure");
  if (!failure) return others.length > 0 ? { conditions: others } : {};
  const said = conditionOf(status?.conditions, "ReplicaFailure") ?? {
    lastTransitionTime: timestamp(now),
    message: failure.message,
    reason: "FailedCreate",
    status: "True" as const,
    type: "ReplicaFailure",
  };
  return { conditions: [...others, said] };
}

function carriesTemplateLabels(set: ReplicaSet, pod: Pod): boolean {
  return selects({ matchLabels: set.spec.template.metadata?.labels ?? {} }, pod.metadata.labels);
}

/** Go leaves counts of zero out of JSON. */
export function counted<Field extends string>(counts: Record<Field, number>): Partial<Record<Field, number>> {
  const some = Object.entries<number>(counts).filter(([, count]) => count !== 0);
  return Object.fromEntries(some) as Partial<Record<Field, number>>;
}
