import { z } from "zod";
import { quantityOf } from "../../domain/quantity.ts";
import type { JsonObject } from "../../engine/ports.ts";

/** Kubernetes takes numbers for amounts too. */
export const Amounts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({});
const Resources = z.object({ limits: Amounts, requests: Amounts }).prefault({});
export type Resources = z.infer<typeof Resources>;

const Container = z.object({
  name: z.string(),
  resources: Resources,
  restartPolicy: z.string().optional(),
});
export type Container = z.infer<typeof Container>;

const Template = z.object({
  spec: z.object({
    containers: z.array(Container),
    initContainers: z.array(Container).default([]),
  }),
});

export function containersOf(template: JsonObject): Container[] {
  return Template.parse(template).spec.containers;
}

function amount(from: Resources["limits"], name: string): number {
  return quantityOf(from[name] ?? "0") ?? 0;
}

/** What a container asks for; what it does not say is its limit. */
function requested({ resources: { requests, limits } }: Container, name: string): number {
  return amount({ ...limits, ...requests }, name);
}

/** What the scheduler counts of one pod: its containers together, or one that runs before them where that is more. */
function whole(template: JsonObject, of: (container: Container) => number): number {
  const { containers, initContainers } = Template.parse(template).spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  const together = [...containers, ...sidecars].reduce((sum, container) => sum + of(container), 0);
  return Math.max(together, ...initContainers.map(of));
}

/** Cores and bytes that one pod asks for. */
export function requestsOf(template: JsonObject): { cpu: number; memory: number } {
  return {
    cpu: whole(template, (container) => requested(container, "cpu")),
    memory: whole(template, (container) => requested(container, "memory")),
  };
}

/** Cores, bytes and pieces of one pod, by the names under which a quota counts them. */
export function countedOf(template: JsonObject): Record<string, number> {
  const { cpu, memory } = requestsOf(template);
  const limit = (name: string): number => whole(template, ({ resources }) => amount(resources.limits, name));
  return {
    pods: 1,
    "count/pods": 1,
    cpu,
    memory,
    "requests.cpu": cpu,
    "requests.memory": memory,
    "limits.cpu": limit("cpu"),
    "limits.memory": limit("memory"),
  };
}

/** The quality-of-service class that Kubernetes gives a pod: it decides who goes first when a node runs short. */
export function qosClass(template: JsonObject): "Guaranteed" | "Burstable" | "BestEffort" {
  const { containers, initContainers } = Template.parse(template).spec;
  const all = [...containers, ...initContainers];
  const names = ["cpu", "memory"];
  const isNothing = all.every(({ resources: { limits, requests } }) =>
    names.every((name) => amount(limits, name) === 0 && amount(requests, name) === 0),
  );
  if (isNothing) return "BestEffort";
  const isExact = all.every((container) =>
    names.every((name) => {
      const limit = amount(container.resources.limits, name);
      return limit > 0 && requested(container, name) === limit;
    }),
  );
  return isExact ? "Guaranteed" : "Burstable";
}
