import type { Warning } from "../../domain/plan.ts";
import type { Autoscaler, Cluster, Workload } from "../../engine/ports.ts";
import { countedOf } from "../resources/pod-resources.ts";
import { quotasIn, shortOf } from "../resources/quotas.ts";
import { managersOf } from "./managers.ts";

function ofAutoscaler({ kind, name, min, max }: Autoscaler, to: number): Warning {
  if (to === 0)
    return {
      level: "warn",
      text: `Scaling to 0 silently switches the ${kind} ${name} off until somebody scales up again.`,
      next: "Remember to scale up: nothing else will.",
    };
  const outside = to < min || to > max ? `, so ${to} will not last` : " and may change it again at any time";
  return {
    level: "warn",
    text: `The ${kind} ${name} keeps the number between ${min} and ${max}${outside}.`,
    next: "Change its bounds instead.",
  };
}

/** What else has a say in the number of replicas, and what there was no right to look at. */
export async function scaleWarnings(
  workload: Workload,
  to: number,
  cluster: Cluster,
): Promise<{ warnings: Warning[]; unchecked: string[]; isAutoscaled: boolean }> {
  const { target, replicas: from, template } = workload;
  const [autoscalers, quotas] = await Promise.all([
    cluster.autoscalers(target),
    to > from ? quotasIn(target.namespace, cluster) : [],
  ]);
  const more = to - from;
  const wanted = Object.fromEntries(
    Object.entries(countedOf(template)).map(([name, each]) => [name, each * more]),
  );
  const short = (quotas ?? []).flatMap((quota): Warning[] => {
    const lacks = shortOf(quota, wanted);
    if (lacks.length === 0) return [];
    return [
      {
        level: "warn",
        text: `The quota ${quota.metadata.name} leaves no room for ${more} more pods: ${lacks.join("; ")}.`,
        next: "Ask for a higher quota, or scale less.",
      },
    ];
  });
  return {
    // Scaled to 0 it is switched off.
    isAutoscaled: autoscalers !== null && autoscalers.length > 0 && to > 0,
    warnings: [
      ...(autoscalers ?? []).map((autoscaler) => ofAutoscaler(autoscaler, to)),
      ...short,
      ...(to === 0
        ? [{ level: "warn" as const, text: `With 0 replicas ${target.name} serves nobody.` }]
        : []),
      ...managersOf(workload).map(({ warning }) => warning),
    ],
    unchecked: [...(autoscalers === null ? ["autoscalers"] : []), ...(quotas === null ? ["quotas"] : [])],
  };
}
