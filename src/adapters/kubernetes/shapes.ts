import { z } from "zod";
import type { JsonObject } from "../../engine/ports.ts";

/**
 * What crai reads of the API server's objects. Everything else stays untouched in the raw JSON beside it: a typed model
 * would drop fields newer than itself, and an undo would then erase them.
 */
const raw = z.custom<JsonObject>(
  (value) => value !== null && typeof value === "object" && !Array.isArray(value),
  "an object",
);

const texts = z.record(z.string(), z.string()).default({});
const count = z.int().default(0);

const OwnerReference = z.object({ uid: z.string(), kind: z.string(), controller: z.boolean().optional() });

const Metadata = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int().default(0),
  creationTimestamp: z.coerce.date(),
  deletionTimestamp: z.string().optional(),
  labels: texts,
  annotations: texts,
  ownerReferences: z.array(OwnerReference).default([]),
});
type Metadata = z.infer<typeof Metadata>;

/** By UID, as controllers do: an object that only has the same labels is somebody else's. */
export function isControlledBy(metadata: Pick<Metadata, "ownerReferences">, uid: string): boolean {
  return metadata.ownerReferences.some((owner) => owner.controller === true && owner.uid === uid);
}

export const List = z.object({
  metadata: z.object({ resourceVersion: z.string().default(""), continue: z.string().default("") }),
  items: z
    .array(raw)
    .nullable()
    .transform((items) => items ?? []),
});

const Selector = z.object({
  matchLabels: texts,
  matchExpressions: z
    .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).default([]) }))
    .default([]),
});
export type Selector = z.infer<typeof Selector>;

/** Deployment, StatefulSet or DaemonSet. */
export const WorkloadObject = z.object({
  metadata: Metadata,
  spec: z.object({
    replicas: z.int().optional(),
    paused: z.boolean().default(false),
    selector: Selector,
    template: raw,
    /** StatefulSet and DaemonSet. */
    updateStrategy: z
      .object({
        type: z.string().default("RollingUpdate"),
        rollingUpdate: z.object({ partition: z.int().optional() }).optional(),
      })
      .default({ type: "RollingUpdate" }),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      readyReplicas: count,
      availableReplicas: count,
      currentReplicas: count,
      currentRevision: z.string().default(""),
      updateRevision: z.string().default(""),
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      conditions: z
        .array(
          z.object({ type: z.string(), reason: z.string().default(""), message: z.string().default("") }),
        )
        .default([]),
    })
    .prefault({}),
});
export type WorkloadObject = z.infer<typeof WorkloadObject>;

export const ReplicaSet = z.object({ metadata: Metadata, spec: z.object({ template: raw }) });

export const ControllerRevision = z.object({
  metadata: Metadata,
  revision: z.int(),
  data: z.object({ spec: z.object({ template: raw }) }),
});

const ContainerStatus = z.object({
  ready: z.boolean().default(false),
  restartCount: count,
  state: z
    .object({
      waiting: z.object({ reason: z.string().default(""), message: z.string().optional() }).optional(),
      terminated: z.object({ reason: z.string().default(""), message: z.string().optional() }).optional(),
    })
    .default({}),
});

export const Pod = z.object({
  metadata: Metadata,
  spec: z.object({ containers: z.array(z.object({ image: z.string().default("") })).default([]) }),
  status: z
    .object({
      phase: z.string().default("Unknown"),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().nullish(),
            message: z.string().nullish(),
          }),
        )
        .default([]),
      initContainerStatuses: z.array(ContainerStatus).default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});

export const Scale = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: count }).prefault({}),
});

export const SelfSubjectReview = z.object({
  status: z.object({
    userInfo: z.object({ username: z.string(), groups: z.array(z.string()).default([]) }),
  }),
});

export const SelfSubjectAccessReview = z.object({
  status: z.object({ allowed: z.boolean(), reason: z.string().optional() }),
});

export const Autoscaler = z.object({
  metadata: z.object({
    name: z.string(),
    labels: texts,
    ownerReferences: z.array(OwnerReference).default([]),
  }),
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.int().default(1),
    maxReplicas: z.int(),
  }),
});

export const ConfigMapKeys = z.object({
  data: z.record(z.string(), z.unknown()).default({}),
  binaryData: z.record(z.string(), z.unknown()).default({}),
});

/** `app=api,tier in (a,b),!canary`: a selector as a list's query writes it. */
export function selectorText({ matchLabels, matchExpressions }: Selector): string {
  const operators: Readonly<Record<string, (key: string, values: string) => string>> = {
    In: (key, values) => `${key} in (${values})`,
    NotIn: (key, values) => `${key} notin (${values})`,
    Exists: (key) => key,
    DoesNotExist: (key) => `!${key}`,
  };
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(
      ({ key, operator, values }) => operators[operator]?.(key, values.join(",")) ?? key,
    ),
  ].join(",");
}
