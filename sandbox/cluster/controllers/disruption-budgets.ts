import { sameJson, timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { conditionOf } from "./conditions.ts";
import type { Controller, Workbench } from "./controller.ts";
import type { Condition, IntOrPercent, LabelSelector, Pod } from "./objects.ts";
import { controllerOf, splitKey } from "./ownership.ts";
import { isFinished, isReady, isTerminating } from "./pod-readiness.ts";
import { scaled } from "./rolling-update.ts";
import { selects } from "./selectors.ts";

interface BudgetStatus {
  conditions?: Condition[];
  currentHealthy: number;
  desiredHealthy: number;
  disruptedPods?: Record<string, string>;
  disruptionsAllowed: number;
  expectedPods: number;
  observedGeneration?: number;
}

export interface DisruptionBudget extends KubeObject {
  spec: {
    minAvailable?: IntOrPercent;
    maxUnavailable?: IntOrPercent;
    selector?: LabelSelector;
    unhealthyPodEvictionPolicy?: "IfHealthyBudget" | "AlwaysAllow";
  };
  status?: BudgetStatus;
}

/** Keeps how many pods of each PodDisruptionBudget may go. Keys are namespaces. */
export const disruptionController: Controller = {
  observe(plural, object, add) {
    if (plural === "poddisruptionbudgets" || plural === "pods") add(`${object.metadata.namespace}/`);
  },
  reconcile(bench, key) {
    const [namespace] = splitKey(key);
    const budgets = bench.store.list("poddisruptionbudgets", namespace) as DisruptionBudget[];
    if (budgets.length === 0) return;
    const pods = bench.store.list("pods", namespace, (pod) => !isFinished(pod as Pod)) as Pod[];
    for (const budget of budgets) {
      const { selector } = budget.spec;
      sync(bench, budget, selector ? pods.filter((pod) => selects(selector, pod.metadata.labels)) : []);
    }
  },
};

function sync(bench: Workbench, budget: DisruptionBudget, pods: Pod[]): void {
  const there = new Set(pods.filter((pod) => !isTerminating(pod)).map(({ metadata }) => metadata.name));
  const disrupted = Object.entries(budget.status?.disruptedPods ?? {}).filter(([name]) => there.has(name));
  const leaving = new Set(disrupted.map(([name]) => name));
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && !leaving.has(pod.metadata.name),
  ).length;
  const { expected, desired } = expectations(bench, budget, pods);
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0;
  const status: BudgetStatus = {
    conditions: [disruptionAllowed(budget, allowed > 0, bench.now())],
    currentHealthy: healthy,
    desiredHealthy: desired,
    ...(disrupted.length > 0 && { disruptedPods: Object.fromEntries(disrupted) }),
    disruptionsAllowed: allowed,
    expectedPods: expected,
    observedGeneration: budget.metadata.generation ?? 1,
  };
  if (!sameJson(status, budget.status))
    bench.store.updateStatus("poddisruptionbudgets", { ...budget, status }, bench.by());
}

/** A number of pods that must be there counts the pods; shares count what their owners want. */
function expectations(
  bench: Workbench,
  { spec }: DisruptionBudget,
  pods: Pod[],
): { expected: number; desired: number } {
  if (typeof spec.minAvailable === "number") return { expected: pods.length, desired: spec.minAvailable };
  const expected = wanted(bench, pods);
  if (spec.maxUnavailable !== undefined) {
    const desired = Math.max(0, expected - scaled(spec.maxUnavailable, expected, "up"));
    return { expected, desired };
  }
  return { expected, desired: scaled(spec.minAvailable ?? 1, expected, "up") };
}

const scalable: Record<string, string> = { ReplicaSet: "replicasets", StatefulSet: "statefulsets" };

/** The replicas of the pods' owners, each counted once; a pod without one counts itself. */
function wanted({ store }: Workbench, pods: Pod[]): number {
  const owners = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    const plural = scalable[owner?.kind ?? ""];
    const found = plural && owner ? store.get(plural, pod.metadata.namespace, owner.name) : undefined;
    const replicas = (found?.["spec"] as { replicas?: number } | undefined)?.replicas ?? 1;
    owners.set(owner?.uid ?? pod.metadata.uid!, found ? replicas : 1);
  }
  return [...owners.values()].reduce((sum, count) => sum + count, 0);
}

function disruptionAllowed(budget: DisruptionBudget, is: boolean, now: Date): Condition {
  const status = is ? "True" : "False";
  const before = conditionOf(budget.status?.conditions, "DisruptionAllowed");
  const same = before?.status === status;
  return {
    lastTransitionTime: (same ? before.lastTransitionTime : undefined) ?? timestamp(now),
    message: "",
    observedGeneration: budget.metadata.generation ?? 1,
    reason: is ? "SufficientPods" : "InsufficientPods",
    status,
    type: "DisruptionAllowed",
  };
}
