import { sameJson } from "../object.ts";
import { claim } from "./claim.ts";
import { provideClaims } from "./claim-templates.ts";
import { addSelfOrController } from "./controller.ts";
import type { Controller, Workbench } from "./controller.ts";
import {
  ensureRevision,
  listRevisions,
  revisionLabel,
  templateOf,
  truncateRevisions,
} from "./controller-revisions.ts";
import type { ControllerRevision, Pod, StatefulSet, StatefulSetStatus } from "./objects.ts";
import { keyOf, splitKey } from "./ownership.ts";
import { availableInMs, isAvailable, isFinished, isReady, isTerminating } from "./pod-readiness.ts";
import { podFromTemplate, storePod } from "./pods.ts";
import { counted } from "./replica-set.ts";

export const statefulSetController: Controller = {
  observe(plural, object, add) {
    if (plural !== "statefulsets" && plural !== "pods") return;
    addSelfOrController(object, { isSelf: plural === "statefulsets", ownerKind: "StatefulSet" }, add);
  },
  reconcile,
};

interface Round {
  bench: Workbench;
  set: StatefulSet;
  current: ControllerRevision;
  update: ControllerRevision;
  pods: Pod[];
}

function reconcile(bench: Workbench, key: string): void {
  const set = bench.store.get("statefulsets", ...splitKey(key)) as StatefulSet | undefined;
  if (!set) return;
  const update = ensureRevision(bench, set, listRevisions(bench, set));
  const revisions = listRevisions(bench, set);
  const current = revisions.find((one) => one.metadata.name === set.status?.currentRevision) ?? update;
  const round: Round = { bench, set, current, update, pods: podsOf(bench, set) };
  if (!set.metadata.deletionTimestamp) act(round);
  const pods = podsOf(bench, set);
  updateStatus({ ...round, pods });
  const live = new Set([current.metadata.name, update.metadata.name, ...pods.map(revisionOf)]);
  truncateRevisions(bench, set, revisions, ({ metadata }) => live.has(metadata.name));
}

function podsOf(bench: Workbench, set: StatefulSet): Pod[] {
  const pods = claim(bench, "pods", set, set.spec.selector) as Pod[];
  return pods.filter((pod) => ordinalOf(set, pod) >= 0);
}

function ordinalOf(set: StatefulSet, pod: Pod): number {
  const rest = pod.metadata.name.slice(set.metadata.name.length + 1);
  return pod.metadata.name.startsWith(`${set.metadata.name}-`) && /^\d+$/.test(rest) ? Number(rest) : -1;
}

function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[revisionLabel];
}

/**
 * One pass in Kubernetes' order: create what is missing, remove what is too much, then update from the highest
 * ordinal. OrderedReady goes one pod at a time and waits for each to be available, also when the waiting is for
 * a broken pod of a release that has been rolled back since (kubernetes/kubernetes#67250): someone must delete it.
 */
function act(round: Round): void {
  const { set, pods } = round;
  const ordered = set.spec.podManagementPolicy !== "Parallel";
  const replicas = set.spec.replicas ?? 1;
  const mustWait = (pod: Pod): boolean => ordered && (isTerminating(pod) || !settled(round, pod));

  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    const pod = pods.find((one) => ordinalOf(set, one) === ordinal);
    if (pod && isFinished(pod)) {
      remove(round, pod);
      if (ordered) return;
    } else if (!pod) {
      create(round, ordinal);
      if (ordered) return;
    } else if (mustWait(pod)) {
      return;
    }
  }
  const surplus = pods.filter((pod) => ordinalOf(set, pod) >= replicas);
  for (const pod of surplus.sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a))) {
    if (!isTerminating(pod)) remove(round, pod);
    if (ordered) return;
  }
  if (surplus.length > 0 || set.spec.updateStrategy?.type === "OnDelete") return;
  updateNext(round, replicas);
}

function settled({ bench, set }: Round, pod: Pod): boolean {
  return pod.status?.phase === "Running" && isAvailable(pod, set.spec.minReadySeconds ?? 0, bench.now());
}

function updateNext(round: Round, replicas: number): void {
  const { set, update, pods } = round;
  const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let ordinal = replicas - 1; ordinal >= partition; ordinal--) {
    const pod = pods.find((one) => ordinalOf(set, one) === ordinal);
    if (!pod) return;
    if (revisionOf(pod) !== update.metadata.name && !isTerminating(pod)) {
      remove(round, pod);
      return;
    }
    if (isTerminating(pod) || !settled(round, pod)) return;
  }
}

function create({ bench, set, current, update }: Round, ordinal: number): void {
  const { type = "RollingUpdate", rollingUpdate } = set.spec.updateStrategy ?? {};
  const keepsOld = type === "RollingUpdate" && ordinal < (rollingUpdate?.partition ?? 0);
  const revision = keepsOld ? current : update;
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(set, templateOf(revision), name);
  pod.metadata.generateName = `${set.metadata.name}-`;
  pod.metadata.labels = {
    ...pod.metadata.labels,
    "apps.kubernetes.io/pod-index": String(ordinal),
    [revisionLabel]: revision.metadata.name,
    "statefulset.kubernetes.io/pod-name": name,
  };
  pod.spec["hostname"] = name;
  if (set.spec.serviceName) pod.spec["subdomain"] = set.spec.serviceName;
  try {
    provideClaims(bench, set, pod);
    storePod(bench, pod);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${why}`;
    bench.record(set, { type: "Warning", reason: "FailedCreate", message });
    throw error;
  }
  say(bench, set, "create", name);
}

function remove({ bench, set }: Round, pod: Pod): void {
  if (isTerminating(pod)) return;
  bench.store.delete("pods", pod.metadata.namespace, pod.metadata.name, bench.by());
  say(bench, set, "delete", pod.metadata.name);
}

function say(bench: Workbench, set: StatefulSet, verb: "create" | "delete", pod: string): void {
  const reason = verb === "create" ? "SuccessfulCreate" : "SuccessfulDelete";
  const message = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name} successful`;
  bench.record(set, { type: "Normal", reason, message });
}

function updateStatus({ bench, set, current, update, pods }: Round): void {
  const minReady = set.spec.minReadySeconds ?? 0;
  const running = pods.filter((pod) => pod.status?.phase === "Running");
  const ready = running.filter(isReady);
  const at = ({ metadata }: ControllerRevision): number =>
    pods.filter((pod) => !isTerminating(pod) && revisionOf(pod) === metadata.name).length;
  const desired = set.spec.replicas ?? 1;
  const rolling = (set.spec.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";
  const updated = at(update);
  const done = rolling && [updated, ready.length, pods.length].every((count) => count === desired);
  const status: StatefulSetStatus = {
    availableReplicas: ready.filter((pod) => isAvailable(pod, minReady, bench.now())).length,
    collisionCount: set.status?.collisionCount ?? 0,
    ...counted({ currentReplicas: done ? updated : at(current) }),
    currentRevision: done ? update.metadata.name : current.metadata.name,
    observedGeneration: set.metadata.generation ?? 1,
    ...counted({ readyReplicas: ready.length }),
    replicas: pods.length,
    updateRevision: update.metadata.name,
    ...counted({ updatedReplicas: updated }),
  };
  if (!sameJson(status, set.status)) bench.store.updateStatus("statefulsets", { ...set, status }, bench.by());
  const next = ready.map((pod) => availableInMs(pod, minReady, bench.now())).filter((ms) => ms > 0);
  if (next.length > 0) bench.again(keyOf(set), Math.min(...next) + 10);
}
