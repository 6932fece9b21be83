import { z } from "zod";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { Workload } from "../../engine/ports.ts";

const Meta = z.object({
  name: z.string(),
  creationTimestamp: z.string().default(""),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  ownerReferences: z
    .array(
      z.object({
        kind: z.string(),
        name: z.string(),
        uid: z.string(),
        controller: z.boolean().default(false),
      }),
    )
    .default([]),
});

const ContainerState = z
  .object({
    waiting: z.object({ reason: z.string().default(""), message: z.string().default("") }).optional(),
    terminated: z.object({ reason: z.string().default(""), exitCode: z.number().optional() }).optional(),
  })
  .prefault({});

const ContainerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: ContainerState,
  lastState: ContainerState,
});

export const Pod = z.object({
  metadata: Meta,
  spec: z.object({
    containers: z.array(
      z.object({
        name: z.string(),
        resources: z
          .object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).default({}) })
          .prefault({}),
      }),
    ),
  }),
  status: z
    .object({
      phase: z.string().default("Pending"),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
      initContainerStatuses: z.array(ContainerStatus).default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.infer<typeof Pod>;

export function isReady({ status }: Pick<Pod, "status">): boolean {
  return status.conditions.some((one) => one.type === "Ready" && one.status === "True");
}

/** The workload a pod was made for: its ReplicaSet's name without the hash of the template, or whoever else made it. */
export function ownerOf({ metadata }: Pick<Pod, "metadata">): string {
  const owner = metadata.ownerReferences.find(({ controller }) => controller) ?? metadata.ownerReferences[0];
  if (owner === undefined) return metadata.name;
  const hash = metadata.labels["pod-template-hash"];
  return hash !== undefined && owner.name.endsWith(`-${hash}`)
    ? owner.name.slice(0, -hash.length - 1)
    : owner.name;
}

export function isOwn(pod: Pick<Pod, "metadata">, { target }: Pick<ActionContext, "target">): boolean {
  return ownerOf(pod) === target.name;
}

const Selector = z.object({
  selector: z.object({
    matchLabels: z.record(z.string(), z.string()).default({}),
    matchExpressions: z
      .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
      .default([]),
  }),
});

/** What only its own pods match, as a list takes it. */
export function selectorOf({ raw }: Pick<Workload, "raw">): string {
  const { selector } = Selector.parse(raw["spec"]);
  const operators: Readonly<Record<string, (key: string, values: string) => string>> = {
    In: (key, values) => `${key} in (${values})`,
    NotIn: (key, values) => `${key} notin (${values})`,
    Exists: (key) => key,
    DoesNotExist: (key) => `!${key}`,
  };
  return [
    ...Object.entries(selector.matchLabels).map(([key, value]) => `${key}=${value}`),
    ...selector.matchExpressions.flatMap(
      ({ key, operator, values }) => operators[operator]?.(key, values.join(",")) ?? [],
    ),
  ].join(",");
}
