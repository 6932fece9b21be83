import type { PodFacts, Revision, Workload } from "../../engine/ports.ts";
import { kubectl } from "./kubectl.ts";

/** Reasons that seldom pass by themselves. Unschedulable is none: a cluster may be adding nodes. */
const hopeless = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

export function isHopeless(pod: PodFacts): boolean {
  return !pod.ready && !pod.deleting && pod.reason !== null && hopeless.has(pod.reason);
}

/** A pod carries its revision's hash, or (of a StatefulSet) the revision's whole name. */
export function isOf(revision: Pick<Revision, "name">, pod: PodFacts): boolean {
  return pod.revision !== null && `-${revision.name}`.endsWith(`-${pod.revision}`);
}

/** `api-7d9f-x2x1: CrashLoopBackOff (back-off 40s restarting …)` */
export function describePod({ name, reason, message, restarts }: PodFacts): string {
  const why = [reason ?? "not ready", ...(message ? [`(${message.slice(0, 200)})`] : [])].join(" ");
  return `${name}: ${why}${restarts > 0 ? `, ${restarts} restarts` : ""}`;
}

/** In order and one at a time: a pod that never gets ready keeps a StatefulSet from replacing it (kubernetes#67250). */
export function replacesInOrder(workload: Workload): boolean {
  if (workload.target.kind !== "statefulset") return false;
  const spec = workload.raw["spec"] as {
    podManagementPolicy?: string;
    updateStrategy?: { type?: string };
  };
  return spec.podManagementPolicy !== "Parallel" && spec.updateStrategy?.type !== "OnDelete";
}

/** Pods of another revision than the one that is to run which do not get ready, for whatever reason. */
export function strandedPods(
  workload: Workload,
  pods: readonly PodFacts[],
  revision: Pick<Revision, "name"> | undefined,
): PodFacts[] {
  if (!replacesInOrder(workload)) return [];
  const isOther = (pod: PodFacts): boolean => revision === undefined || !isOf(revision, pod);
  return pods.filter((pod) => !pod.ready && !pod.deleting && isOther(pod));
}

export function deletePodLine(workload: Workload, pod: PodFacts): string {
  return kubectl(workload.target, "delete", "pod", pod.name);
}
