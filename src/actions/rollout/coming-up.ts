import { Duration } from "../../domain/deadline.ts";
import type { ActionContext, Observation } from "../../engine/playbooks/action.ts";
import type { Workload } from "../../engine/ports.ts";
import { cannotMake } from "./look.ts";
import { describePod, isHopeless } from "./stuck-pods.ts";

/** A parameter of the actions that wait for pods. */
export const StuckAfter = Duration.default(60_000).describe(
  "pods that are broken, or cannot be made, for so long are given up",
);

export function countsOf({ raw }: Workload): { replicas: number; ready: number } {
  const { replicas = 0, readyReplicas = 0 } = (raw["status"] ?? {}) as {
    replicas?: number;
    readyReplicas?: number;
  };
  return { replicas, ready: readyReplicas };
}

/** Fewer pods are ready than there should be: on their way since then, or stuck, and why. */
export async function comingUp(
  workload: Workload,
  { cluster, now }: Pick<ActionContext, "cluster" | "now">,
  { since, stuckAfterMs }: { since: Date; stuckAfterMs: number },
): Promise<Exclude<Observation, { state: "done" }>> {
  const detail = `${countsOf(workload).ready} of ${workload.replicas} replicas are ready`;
  const isOld = (at: number): boolean => now().getTime() - Math.max(at, since.getTime()) >= stuckAfterMs;
  const refused = cannotMake(workload.raw);
  if (refused !== null) {
    const why = `${detail}: no new pod can be made: ${refused.message}`;
    if (!isOld(refused.since)) return { state: "pending", detail: why };
    return { state: "failed", detail: why, evidence: [{ what: why, ok: false }] };
  }
  const waiting = (await cluster.pods(workload))
    .filter((pod) => !pod.ready && !pod.deleting && pod.reason !== null)
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const [newest] = waiting;
  const stuck = waiting.find((pod) => isHopeless(pod) && isOld(pod.createdAt.getTime()));
  if (stuck === undefined)
    return { state: "pending", detail: newest === undefined ? detail : `${detail}; ${describePod(newest)}` };
  return {
    state: "failed",
    detail: `${detail}, and pods do not get ready: ${describePod(stuck)}`,
    evidence: [{ what: detail, ok: false }, ...waiting.map((pod) => ({ what: describePod(pod), ok: false }))],
  };
}
