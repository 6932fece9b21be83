import type { Warning } from "../../domain/plan.ts";
import { cpuText, memoryText, quantityOf } from "../../domain/quantity.ts";
import type { Cluster, JsonObject, Workload } from "../../engine/ports.ts";
import { rangeProblems } from "./limit-ranges.ts";
import { largestNode } from "./node-size.ts";
import { type Container, containersOf, countedOf, qosClass, requestsOf } from "./pod-resources.ts";
import { quotasIn, shortOf } from "./quotas.ts";
import { verticalAutoscalersOf } from "./vertical-autoscalers.ts";

/** The workload with another template, and the container whose limits are changed in it. */
export interface Change {
  workload: Workload;
  after: JsonObject;
  container: string;
}

function surgeOf({ raw, replicas }: Workload): number {
  const spec = raw["spec"] as { strategy?: { rollingUpdate?: { maxSurge?: number | string } } };
  const surge = spec.strategy?.rollingUpdate?.maxSurge ?? 0;
  return typeof surge === "number" ? surge : Math.ceil((replicas * Number.parseInt(surge, 10)) / 100);
}

/** What it takes of a quota: the difference for each pod, and whole new ones beside the old while it rolls out. */
function wanted({ workload, after }: Change): Record<string, number> {
  const before = countedOf(workload.template);
  const surge = surgeOf(workload);
  return Object.fromEntries(
    Object.entries(countedOf(after)).map(([name, each]) => [
      name,
      (each - (before[name] ?? 0)) * workload.replicas + each * surge,
    ]),
  );
}

function nodeWarnings(
  after: JsonObject,
  { resources }: Container,
  largest: { cpu: number; memory: number },
): Warning[] {
  const asked = requestsOf(after);
  const shown = { cpu: cpuText, memory: memoryText };
  return (["cpu", "memory"] as const).flatMap((kind): Warning[] => {
    const has = `The largest node has ${shown[kind](largest[kind])} of ${kind}`;
    if (asked[kind] > largest[kind])
      return [
        {
          level: "block",
          text: `${has}, and a pod would ask for ${shown[kind](asked[kind])}: none would find a place.`,
          next: "Ask for less, or `add-nodes` that are larger.",
        },
      ];
    if ((quantityOf(resources.limits[kind] ?? "0") ?? 0) > largest[kind])
      return [{ level: "warn", text: `${has}, so it can never use ${resources.limits[kind]}.` }];
    return [];
  });
}

function requestWarnings({ name, resources: { limits, requests } }: Container): Warning[] {
  return (["cpu", "memory"] as const).flatMap((kind): Warning[] => {
    const [limit, request] = [limits[kind], requests[kind]];
    if (limit === undefined || request === undefined) return [];
    if ((quantityOf(limit) ?? 0) >= (quantityOf(request) ?? 0)) return [];
    return [
      {
        level: "block",
        text: `${name} asks for ${request} of ${kind}, which is more than the limit of ${limit}.`,
        next: "Lower the request in its manifest first.",
      },
    ];
  });
}

/** What speaks against other limits, and what there was no right to look at. */
export async function limitWarnings(
  change: Change,
  cluster: Cluster,
): Promise<{ warnings: Warning[]; unchecked: string[] }> {
  const { workload, after } = change;
  const { target } = workload;
  const container = containersOf(after).find(({ name }) => name === change.container)!;
  const [quotas, ranges, largest, vertical] = await Promise.all([
    quotasIn(target.namespace, cluster),
    rangeProblems(container, target.namespace, cluster),
    largestNode(cluster),
    verticalAutoscalersOf(target, cluster),
  ]);
  const [was, becomes] = [qosClass(workload.template), qosClass(after)];
  const unseen = { quotas, LimitRanges: ranges, nodes: largest, VerticalPodAutoscalers: vertical };
  return {
    warnings: [
      ...requestWarnings(container),
      ...(ranges ?? []).map((why) => ({
        level: "block" as const,
        text: `No pod could be made: the LimitRange ${why}.`,
        next: "Stay within it, or ask whoever keeps the namespace.",
      })),
      ...(largest === null ? [] : nodeWarnings(after, container, largest)),
      ...(quotas ?? []).flatMap((quota): Warning[] => {
        const lacks = shortOf(quota, wanted(change));
        if (lacks.length === 0) return [];
        return [
          {
            level: "warn",
            text: `The quota ${quota.metadata.name} leaves no room for ${workload.replicas} pods of this size, with ${surgeOf(workload)} more while they are replaced: ${lacks.join("; ")}.`,
            next: "Ask for a higher quota, or raise less.",
          },
        ];
      }),
      ...(was === becomes
        ? []
        : [
            {
              level: "warn" as const,
              text: `Its quality-of-service class goes from ${was} to ${becomes}${becomes === "Guaranteed" ? "" : ": when a node runs short, its pods go before Guaranteed ones"}.`,
            },
          ]),
      ...(vertical ?? []).map((name) => ({
        level: "warn" as const,
        text: `The VerticalPodAutoscaler ${name} sets what these pods get, and will set it again.`,
        next: "Change its policy (`maxAllowed`) instead.",
      })),
    ],
    unchecked: Object.entries(unseen).flatMap(([name, seen]) => (seen === null ? [name] : [])),
  };
}
