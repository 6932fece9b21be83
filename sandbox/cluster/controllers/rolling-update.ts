import type { Deployment, IntOrPercent } from "./objects.ts";

/** Kubernetes' rounding of "25%": a surge up, an unavailability down. */
export function scaled(value: IntOrPercent, of: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) throw new Error(`"${value}" is neither a number nor a percentage.`);
  const exact = (Number(percent) * of) / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

/** How many pods a rollout may have too many and too few; both 0 would never move, so one may then be missing. */
export function rolloutLimits(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, desired, "up");
  const unavailable = scaled(maxUnavailable, desired, "down");
  return {
    maxSurge: surge,
    maxUnavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, desired),
  };
}
