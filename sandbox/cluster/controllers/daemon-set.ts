import { sameJson } from "../object.ts";
import { claim } from "./claim.ts";
import { addSelfOrController } from "./controller.ts";
import type { Controller, Workbench } from "./controller.ts";
import { ensureRevision, listRevisions, revisionLabel, truncateRevisions } from "./controller-revisions.ts";
import type { DaemonSet, DaemonSetStatus, Node, Pod, PodTemplate, Toleration } from "./objects.ts";
import { byAge, keyOf, splitKey } from "./ownership.ts";
import { availableInMs, isAvailable, isFinished, isReady, isTerminating } from "./pod-readiness.ts";
import { createPod, deletePod } from "./pods.ts";
import { counted } from "./replica-set.ts";
import { scaled } from "./rolling-update.ts";
import { fitsNode } from "./taints.ts";

export const daemonSetController: Controller = {
  observe(plural, object, add) {
    if (plural === "daemonsets" || plural === "pods") {
      addSelfOrController(object, { isSelf: plural === "daemonsets", ownerKind: "DaemonSet" }, add);
    }
    if (plural === "nodes") add(everySet);
  },
  reconcile(bench, key) {
    if (key !== everySet) reconcile(bench, key);
    else for (const set of bench.store.list("daemonsets")) reconcile(bench, keyOf(set));
  },
};

/** The key for a change of nodes, which concerns all of them. */
const everySet = "*";

const generationAnnotation = "deprecated.daemonset.template.generation";

/** A node's conditions do not drive its daemons away (source: the DaemonSet controller's default tolerations). */
const daemonTolerations: Toleration[] = [
  ...["not-ready", "unreachable"].map((what) => ({ what, effect: "NoExecute" })),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((what) => ({
    what,
    effect: "NoSchedule",
  })),
].map(({ what, effect }) => ({ effect, key: `node.kubernetes.io/${what}`, operator: "Exists" }));

interface Round {
  bench: Workbench;
  set: DaemonSet;
  hash: string;
  nodes: Node[];
  pods: Pod[];
}

function reconcile(bench: Workbench, key: string): void {
  const set = bench.store.get("daemonsets", ...splitKey(key)) as DaemonSet | undefined;
  if (!set || set.metadata.deletionTimestamp) return;
  const update = ensureRevision(bench, set, listRevisions(bench, set));
  const hash = update.metadata.labels?.[revisionLabel] ?? "";
  const eligible = (bench.store.list("nodes") as Node[]).filter((node) =>
    fitsNode(daemonTemplate(set, "").spec, node),
  );
  const round: Round = { bench, set, hash, nodes: eligible, pods: podsOf(bench, set) };
  manage(round);
  if (set.spec.updateStrategy?.type !== "OnDelete") rollingUpdate({ ...round, pods: podsOf(bench, set) });
  const pods = podsOf(bench, set);
  updateStatus({ ...round, pods });
  const live = new Set([hash, ...pods.map((pod) => pod.metadata.labels?.[revisionLabel])]);
  const isLive = ({ metadata }: typeof update): boolean => live.has(metadata.labels?.[revisionLabel]);
  truncateRevisions(bench, set, listRevisions(bench, set), isLive);
}

function podsOf(bench: Workbench, set: DaemonSet): Pod[] {
  return claim(bench, "pods", set, set.spec.selector) as Pod[];
}

/** The node a daemon pod is meant for: the scheduler binds it there, and nowhere else. */
export function intendedNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName;
  const required = (pod.spec.affinity as NodeAffinity | undefined)?.nodeAffinity
    ?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms.flatMap((term) => term.matchFields ?? []) ?? [];
  return fields.find(({ key }) => key === "metadata.name")?.values[0];
}

interface NodeAffinity {
  nodeAffinity?: {
    requiredDuringSchedulingIgnoredDuringExecution?: {
      nodeSelectorTerms: { matchFields?: { key: string; operator: string; values: string[] }[] }[];
    };
  };
}

function daemonTemplate(set: DaemonSet, node: string, hash?: string): PodTemplate {
  const { template } = set.spec;
  const generation = set.metadata.annotations?.[generationAnnotation];
  const tolerations = [...(template.spec.tolerations ?? [])];
  for (const one of daemonTolerations) {
    if (!tolerations.some(({ key, effect }) => key === one.key && effect === one.effect))
      tolerations.push(one);
  }
  const nodeSelectorTerms = [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }];
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(hash && { [revisionLabel]: hash }),
        ...(generation && { "pod-template-generation": generation }),
      },
    },
    spec: { ...template.spec, tolerations, affinity: { ...template.spec.affinity, nodeAffinity } },
  };
}

/** One pod on each fitting node, none elsewhere; of several on a node the oldest stays. */
function manage({ bench, set, hash, nodes, pods }: Round): void {
  for (const pod of pods.filter((one) => isFinished(one) && !isTerminating(one))) deletePod(bench, set, pod);
  for (const node of nodes) {
    const here = pods.filter((pod) => intendedNode(pod) === node.metadata.name && !isFinished(pod));
    if (here.length === 0) createPod(bench, set, daemonTemplate(set, node.metadata.name, hash));
    const extra = here
      .filter((pod) => !isTerminating(pod))
      .sort(byAge)
      .slice(1);
    for (const pod of extra) deletePod(bench, set, pod);
  }
  const names = new Set(nodes.map((node) => node.metadata.name));
  const misplaced = pods.filter((pod) => !names.has(intendedNode(pod) ?? "") && !isTerminating(pod));
  for (const pod of misplaced) deletePod(bench, set, pod);
}

/** Replaces outdated pods: unavailable ones at once, others as maxUnavailable allows. maxSurge is not practiced. */
function rollingUpdate({ bench, set, hash, nodes, pods }: Round): void {
  const minReady = set.spec.minReadySeconds ?? 0;
  const maxUnavailable = scaled(
    set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1,
    nodes.length,
    "up",
  );
  const standing = pods.filter((pod) => !isTerminating(pod));
  const isOutdated = (pod: Pod): boolean => pod.metadata.labels?.[revisionLabel] !== hash;
  const isUp = (pod: Pod): boolean => isAvailable(pod, minReady, bench.now());
  const up = standing.filter(isUp);
  const outdated = standing.filter(isOutdated);
  const spare = Math.max(0, maxUnavailable - (nodes.length - up.length));
  const replaced = [...outdated.filter((pod) => !isUp(pod)), ...outdated.filter(isUp).slice(0, spare)];
  for (const pod of replaced) deletePod(bench, set, pod);
}

function updateStatus({ bench, set, hash, nodes, pods }: Round): void {
  const minReady = set.spec.minReadySeconds ?? 0;
  const first = nodes.map(
    (node) => pods.filter((pod) => intendedNode(pod) === node.metadata.name).sort(byAge)[0],
  );
  const scheduled = first.filter((pod) => pod !== undefined);
  const ready = scheduled.filter(isReady);
  const available = ready.filter((pod) => isAvailable(pod, minReady, bench.now())).length;
  const names = new Set(nodes.map((node) => node.metadata.name));
  const status: DaemonSetStatus = {
    currentNumberScheduled: scheduled.length,
    desiredNumberScheduled: nodes.length,
    ...counted({ numberAvailable: available }),
    numberMisscheduled: pods.filter((pod) => !names.has(intendedNode(pod) ?? "")).length,
    numberReady: ready.length,
    ...counted({ numberUnavailable: nodes.length - available }),
    observedGeneration: set.metadata.generation ?? 1,
    ...counted({
      updatedNumberScheduled: scheduled.filter((pod) => pod.metadata.labels?.[revisionLabel] === hash).length,
    }),
  };
  if (!sameJson(status, set.status)) bench.store.updateStatus("daemonsets", { ...set, status }, bench.by());
  const next = ready.map((pod) => availableInMs(pod, minReady, bench.now())).filter((ms) => ms > 0);
  if (next.length > 0) bench.again(keyOf(set), Math.min(...next) + 10);
}
