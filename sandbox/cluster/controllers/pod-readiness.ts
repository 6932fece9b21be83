import { conditionOf } from "./conditions.ts";
import type { Pod } from "./objects.ts";

export function isTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** What a controller counts as one of its replicas. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, "Ready")?.status === "True";
}

/** Ready for at least minReadySeconds. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: Date): boolean {
  return isReady(pod) && availableInMs(pod, minReadySeconds, now) <= 0;
}

/** Milliseconds until a Ready pod counts as available; 0 or less: it does. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: Date): number {
  const since = conditionOf(pod.status?.conditions, "Ready")?.lastTransitionTime;
  if (minReadySeconds === 0 || !since) return 0;
  return Date.parse(since) + minReadySeconds * 1000 - now.getTime();
}

export function restartsOf(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
}
