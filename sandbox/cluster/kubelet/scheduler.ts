import { conditionOf, withCondition } from "../controllers/conditions.ts";
import { intendedNode } from "../controllers/daemon-set.ts";
import { createSchedulerRecorder } from "../controllers/events.ts";
import type { Node, Pod, PodSpec } from "../controllers/objects.ts";
import { controllerOf, keyOf, splitKey } from "../controllers/ownership.ts";
import { isActive } from "../controllers/pod-readiness.ts";
import { fitsNode, untoleratedTaint } from "../controllers/taints.ts";
import { createWorkQueue } from "../controllers/work-queue.ts";
import { timestamp } from "../object.ts";
import type { Store, WatchEvent } from "../store.ts";
import { claimProblem } from "./claims.ts";
import { parseQuantity } from "./quantity.ts";

export interface Scheduler {
  observe(plural: string, event: Pick<WatchEvent, "type" | "object">): void;
  close(): void;
}

/** Binds pods to the fitting node with the fewest pods; what fits nowhere waits until something changes. */
export function createScheduler(store: Store, now: () => Date): Scheduler {
  const record = createSchedulerRecorder(store, now);
  const queue = createWorkQueue("default-scheduler", schedule);
  const waiting = new Set<string>();
  const by = (): { manager: string; now: Date } => ({ manager: "kube-scheduler", now: now() });

  function schedule(key: string): void {
    const pod = store.get("pods", ...splitKey(key)) as Pod | undefined;
    waiting.delete(key);
    if (!pod || pod.spec.nodeName || pod.metadata.deletionTimestamp) return;
    const problem = claimProblem(store, pod);
    if (problem) return waitForClaims(pod, problem);
    const choice = chooseNode(store, pod);
    if (choice.node) bind(pod, choice.node);
    else refuse(pod, choice.reasons);
  }

  function bind(pod: Pod, nodeName: string): void {
    const bound = store.update("pods", { ...pod, spec: { ...pod.spec, nodeName } }, by()) as Pod;
    const others = (bound.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
    const scheduled = {
      type: "PodScheduled",
      status: "True",
      lastProbeTime: null,
      lastTransitionTime: timestamp(now()),
    };
    const message = `Successfully assigned ${keyOf(pod)} to ${nodeName}`;
    record(bound, { type: "Normal", reason: "Scheduled", message });
    store.updateStatus(
      "pods",
      { ...bound, status: { ...bound.status, conditions: [...others, scheduled] } },
      by(),
    );
  }

  function refuse(pod: Pod, reasons: string[]): void {
    waiting.add(keyOf(pod));
    const counts = Map.groupBy(reasons, (reason) => reason);
    const why = [...counts].map(([reason, { length }]) => `${length} ${reason}`).sort();
    const nodes = `0/${reasons.length} nodes are available`;
    sayUnschedulable(pod, `${nodes}: ${why.join(", ")}. preemption: ${nodes}: ${preemption(reasons)}.`);
  }

  function waitForClaims(pod: Pod, problem: string): void {
    waiting.add(keyOf(pod));
    const count = store.list("nodes").length;
    const nodes = `0/${count} nodes are available`;
    const preempting = `${count} Preemption is not helpful for scheduling`;
    sayUnschedulable(pod, `${nodes}: ${problem}. preemption: ${nodes}: ${preempting}.`);
  }

  function sayUnschedulable(pod: Pod, message: string): void {
    if (conditionOf(pod.status?.conditions, "PodScheduled")?.message === message) return;
    const said = { type: "PodScheduled", status: "False", reason: "Unschedulable", message } as const;
    const { lastUpdateTime: _none, ...condition } = withCondition([], said, now())[0]!;
    store.updateStatus("pods", { ...pod, status: { ...pod.status, conditions: [condition] } }, by());
    record(pod, { type: "Warning", reason: "FailedScheduling", message });
  }

  return {
    observe(plural, { type, object }) {
      if (plural === "pods" && type !== "DELETED" && !(object as Pod).spec.nodeName) queue.add(keyOf(object));
      const frees =
        plural === "nodes" ||
        plural === "persistentvolumeclaims" ||
        (plural === "pods" && type === "DELETED");
      if (frees) for (const key of waiting) queue.add(key);
    },
    close: queue.close,
  };
}

/** The name of the best node for a pod, or why each node will not do. */
export function chooseNode(store: Store, pod: Pod): { node?: string; reasons: string[] } {
  const nodes = store.list("nodes") as Node[];
  const pods = store.list("pods", undefined, (one) => isActive(one as Pod)) as Pod[];
  const owner = controllerOf(pod)?.uid;
  const reasons = nodes.map((node) => whyNot(pod, node, pods));
  const fitting = nodes.filter((_, index) => reasons[index] === undefined).sort((a, b) => load(a) - load(b));
  const refused = reasons.filter((reason) => reason !== undefined);
  return fitting[0] ? { node: fitting[0].metadata.name, reasons: refused } : { reasons: refused };

  /** Pods of the same owner weigh most: they should not fall with one node. */
  function load(node: Node): number {
    const here = pods.filter((other) => other.spec.nodeName === node.metadata.name);
    return here.length + 1000 * here.filter((other) => owner && controllerOf(other)?.uid === owner).length;
  }
}

/** Why a pod cannot run on a node; undefined when it can. */
function whyNot(pod: Pod, node: Node, pods: Pod[]): string | undefined {
  const intended = intendedNode(pod);
  if (intended && intended !== node.metadata.name) return "node(s) didn't match Pod's node affinity/selector";
  const taint = untoleratedTaint(pod.spec, node);
  if (taint?.key === "node.kubernetes.io/unschedulable") return "node(s) were unschedulable";
  if (taint) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  if (!fitsNode(pod.spec, node)) return "node(s) didn't match Pod's node affinity/selector";
  const here = pods.filter((other) => other.spec.nodeName === node.metadata.name);
  const allocatable = node.status?.allocatable ?? {};
  if (here.length >= Number(allocatable["pods"] ?? 110)) return "Too many pods";
  return resourcesOf(pod.spec)
    .filter((resource) => {
      const free = parseQuantity(allocatable[resource] ?? "0") - requested(here, resource);
      return requestOf(pod.spec, resource) > free;
    })
    .map((resource) => `Insufficient ${resource}`)[0];
}

/** What a pod asks for, the usual first: GPUs are asked for by limits alone. */
function resourcesOf(spec: PodSpec): string[] {
  const named = spec.containers.flatMap(({ resources }) =>
    Object.keys({ ...resources?.requests, ...resources?.limits }),
  );
  return [...new Set(["cpu", "memory", ...named])];
}

/** Nobody here is worth less than another, so nothing is ever gained by driving pods away. */
function preemption(reasons: string[]): string {
  const counts = Map.groupBy(reasons, (reason) =>
    reason.startsWith("Insufficient") || reason === "Too many pods"
      ? "No preemption victims found for incoming pod"
      : "Preemption is not helpful for scheduling",
  );
  return [...counts].map(([reason, { length }]) => `${length} ${reason}`).join(", ");
}

function requested(pods: Pod[], resource: string): number {
  return pods.reduce((sum, pod) => sum + requestOf(pod.spec, resource), 0);
}

function requestOf(spec: PodSpec, resource: string): number {
  return spec.containers.reduce((sum, { resources }) => {
    return sum + parseQuantity(resources?.requests?.[resource] ?? resources?.limits?.[resource] ?? "0");
  }, 0);
}
