import { decodeObject } from "./body.ts";
import { conditionOf, withoutCondition } from "./controllers/conditions.ts";
import type { DisruptionBudget } from "./controllers/disruption-budgets.ts";
import type { Pod } from "./controllers/objects.ts";
import { isReady, isTerminating } from "./controllers/pod-readiness.ts";
import { selects } from "./controllers/selectors.ts";
import { child } from "./fields.ts";
import type { Answer, ResourceCall } from "./http.ts";
import { timestamp } from "./object.ts";
import { badRequest, notFound, StatusError } from "./status.ts";
import type { DeleteOptions, Store } from "./store.ts";
import { writerOf } from "./write.ts";

/**
 * Answers `POST pods/x/eviction`: deletes the pod unless a PodDisruptionBudget would be violated, which throws
 * StatusError 429.
 */
export function evict(store: Store, call: ResourceCall): Answer {
  const { namespace, name = "" } = call.target;
  const sent = decodeObject(call, "Eviction");
  const named = child(sent, "metadata")?.["name"];
  if (named !== undefined && named !== name)
    throw badRequest("name in URL does not match name in Eviction object");
  const pod = store.get("pods", namespace, name) as Pod | undefined;
  if (!pod) throw notFound({ group: "", plural: "pods" }, name);
  const { subresource: _eviction, ...by } = writerOf(call);
  const asked = child(sent, "deleteOptions") ?? {};
  const dryRun = by.dryRun ?? (Array.isArray(asked["dryRun"]) && asked["dryRun"].includes("All"));
  const options = { ...by, ...(dryRun && { dryRun }) };
  const budget = needsBudget(pod) ? budgetOf(store, pod) : undefined;
  if (budget && !goesUncounted(pod, budget)) spend(store, budget, { pod, by: options });
  if (!dryRun) mark(store, pod, options);
  store.delete("pods", namespace, name, { ...(asked as DeleteOptions), ...options });
  return {
    code: 201,
    body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
  };
}

/** Pods that are over, on their way out or not yet running disrupt nothing. */
function needsBudget(pod: Pod): boolean {
  const phase = pod.status?.phase ?? "";
  return !["Succeeded", "Failed", "Pending"].includes(phase) && !isTerminating(pod);
}

function budgetOf(store: Store, pod: Pod): DisruptionBudget | undefined {
  const budgets = (store.list("poddisruptionbudgets", pod.metadata.namespace) as DisruptionBudget[]).filter(
    ({ spec }) => spec.selector && selects(spec.selector, pod.metadata.labels),
  );
  if (budgets.length <= 1) return budgets[0];
  const why =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
  throw new StatusError(500, "InternalError", why);
}

/** A pod that is not ready may go without being counted when the others are enough, or always when so wanted. */
function goesUncounted(pod: Pod, { spec, status }: DisruptionBudget): boolean {
  if (isReady(pod)) return false;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

type By = ReturnType<typeof writerOf>;

function spend(store: Store, budget: DisruptionBudget, { pod, by }: { pod: Pod; by: By }): void {
  const { name, generation = 0 } = budget.metadata;
  const { status } = budget;
  if (!status || (status.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (status.disruptionsAllowed <= 0) {
    const { desiredHealthy, currentHealthy } = status;
    throw refused(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: timestamp(by.now) };
  const left = { ...status, disruptedPods, disruptionsAllowed: status.disruptionsAllowed - 1 };
  store.updateStatus("poddisruptionbudgets", { ...budget, status: left }, by);
}

function refused(why: string, retryAfterSeconds?: number): StatusError {
  return new StatusError(
    429,
    "TooManyRequests",
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      causes: [{ reason: "DisruptionBudget", message: why }],
      ...(retryAfterSeconds && { retryAfterSeconds }),
    },
  );
}

/** Says on the pod why it goes. */
function mark(store: Store, pod: Pod, by: By): void {
  if (conditionOf(pod.status?.conditions, "DisruptionTarget")) return;
  const condition = {
    type: "DisruptionTarget",
    status: "True" as const,
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
    lastProbeTime: null,
    lastTransitionTime: timestamp(by.now),
  };
  const conditions = [...withoutCondition(pod.status?.conditions, "DisruptionTarget"), condition];
  store.updateStatus("pods", { ...pod, status: { ...pod.status, conditions } }, by);
}
