import { amountOf, amountText } from "../../admission/amounts.ts";
import { metricsApi } from "../../usage/availability.ts";
import { podUsage } from "../../usage/usage.ts";
import type { Workbench } from "../controller.ts";
import type { Pod } from "../objects.ts";
import { isReady, isTerminating } from "../pod-readiness.ts";
import type { ResourceMetric } from "./objects.ts";

/** What one metric says: how many pods there should be, and what was measured. */
export interface Measured {
  replicas: number;
  /** "cpu resource utilization (percentage of request)", as events and conditions name it. */
  what: string;
  status: object;
}

/** A metric that cannot be had; the message says why, in the autoscaler's words. */
export class Unmeasurable extends Error {
  override readonly name = "Unmeasurable";
}

/** No scaling for less than this share above or below the target (source: the HPA's default tolerance). */
const tolerance = 0.1;

/** Throws Unmeasurable. */
export function measure(bench: Workbench, metric: ResourceMetric, pods: Pod[], current: number): Measured {
  const { resource } = metric;
  if (metric.type !== "Resource" || !resource)
    throw new Unmeasurable(`metric type ${metric.type} is not practiced here`);
  const { name, target } = resource;
  const utilization = target.averageUtilization !== undefined;
  try {
    const used = usages(bench, name, pods);
    const average = sum(used) / used.length;
    const share = utilization ? average / requested(name, pods) : undefined;
    const ratio =
      share === undefined
        ? average / amountOf(target.averageValue)
        : (share * 100) / (target.averageUtilization ?? 1);
    const within = Math.abs(ratio - 1) <= tolerance;
    return {
      replicas: within ? current : Math.ceil(ratio * used.length),
      what: `${name} resource${utilization ? " utilization (percentage of request)" : ""}`,
      status: {
        type: "Resource",
        resource: {
          name,
          current: {
            ...(share !== undefined && { averageUtilization: Math.round(share * 100) }),
            averageValue: averageText(name, average),
          },
        },
      },
    };
  } catch (error) {
    if (!(error instanceof Unmeasurable)) throw error;
    const kind = utilization ? "utilization" : "resource metric value";
    throw new Unmeasurable(`failed to get ${name} ${kind}: ${error.message}`);
  }
}

const answers = {
  absent: "the server could not find the requested resource",
  unavailable: "the server is currently unable to handle the request",
};

function usages(bench: Workbench, resource: string, pods: Pod[]): number[] {
  const from = `unable to get metrics for resource ${resource}`;
  const state = metricsApi(bench.store);
  if (state !== "serving") {
    const why = `unable to fetch metrics from resource metrics API: ${answers[state]} (get pods.metrics.k8s.io)`;
    throw new Unmeasurable(`${from}: ${why}`);
  }
  const measured = pods.filter((pod) => isReady(pod) && !isTerminating(pod));
  if (measured.length === 0) throw new Unmeasurable(`${from}: no metrics returned from resource metrics API`);
  return measured.map((pod) => {
    const { cpu, memoryBytes } = podUsage(pod, bench.now());
    return resource === "memory" ? memoryBytes : cpu;
  });
}

/** The average request of the pods. */
function requested(resource: string, pods: Pod[]): number {
  const sums = pods.map((pod) =>
    sum(
      pod.spec.containers.map((container) => {
        const request = container.resources?.requests?.[resource];
        if (request) return amountOf(request);
        const where = `container ${container.name} of Pod ${pod.metadata.name}`;
        throw new Unmeasurable(`missing request for ${resource} in ${where}`);
      }),
    ),
  );
  return sum(sums) / sums.length;
}

function averageText(resource: string, average: number): string {
  return resource === "memory"
    ? amountText(resource, Math.round(average / 1024) * 1024)
    : `${Math.round(average * 1000)}m`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
