import type { JsonObject, PodFacts } from "../../engine/ports.ts";
import { isControlledBy, Pod } from "./shapes.ts";

type PodObject = ReturnType<typeof Pod.parse>;

/** The first thing that keeps the pod from being ready, in the order in which a pod comes up. */
function trouble({ status }: PodObject): { reason: string; message: string | null } | null {
  const unscheduled = status.conditions.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled)
    return { reason: unscheduled.reason ?? "Unschedulable", message: unscheduled.message ?? null };
  for (const container of [...status.initContainerStatuses, ...status.containerStatuses]) {
    if (container.ready) continue;
    const state = container.state.waiting ?? container.state.terminated;
    const isStarting = ["", "ContainerCreating", "PodInitializing", "Completed"].includes(
      state?.reason ?? "",
    );
    if (state && !isStarting) return { reason: state.reason, message: state.message ?? null };
  }
  return null;
}

function toPodFacts(raw: JsonObject): { facts: PodFacts; owned: (uid: string) => boolean } {
  const pod = Pod.parse(raw);
  const { metadata, spec, status } = pod;
  const why = trouble(pod);
  return {
    owned: (uid) => isControlledBy(metadata, uid),
    facts: {
      name: metadata.name,
      uid: metadata.uid,
      revision: metadata.labels["pod-template-hash"] ?? metadata.labels["controller-revision-hash"] ?? null,
      createdAt: metadata.creationTimestamp,
      deleting: metadata.deletionTimestamp !== undefined,
      ready: status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
      phase: status.phase,
      restarts: Math.max(0, ...status.containerStatuses.map((container) => container.restartCount)),
      image: spec.containers[0]?.image ?? "",
      reason: why?.reason ?? null,
      message: why?.message ?? null,
    },
  };
}

/** The pods that the owners control: other pods may carry the same labels. */
export function podsOf(owners: readonly string[], items: readonly JsonObject[]): PodFacts[] {
  return items
    .map(toPodFacts)
    .filter(({ owned }) => owners.some(owned))
    .map(({ facts }) => facts);
}
