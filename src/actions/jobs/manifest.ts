import type { ObjectRef, Json, JsonObject } from "../../engine/ports.ts";
import type { NamedJob } from "./settings.ts";

/** The one container of a Job that crai makes. */
export const container = "job";

export interface ToMake {
  job: NamedJob;
  namespace: string;
  image: string;
  args: string[];
}

/** Everything but the name, which is of the run's step. */
export function jobSpec({ job, image, args }: ToMake): JsonObject {
  const { command, env, secret, serviceAccount, limits, deadline, keep } = job;
  return {
    // Tried once: whether to try again is the playbook's to say.
    backoffLimit: 0,
    activeDeadlineSeconds: Math.max(1, Math.ceil(deadline / 1000)),
    ttlSecondsAfterFinished: Math.ceil(keep / 1000),
    template: {
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: serviceAccount !== undefined,
        ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: container,
            image,
            ...(command !== undefined && { command }),
            args,
            env: Object.entries(env).map(([name, value]): Json => ({ name, value })),
            ...(secret !== undefined && { envFrom: [{ secretRef: { name: secret } }] }),
            resources: { requests: { ...limits }, limits: { ...limits } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  };
}

/** At most 63 characters: the name becomes a label of its pods. */
export function jobName(
  run: number,
  step: string,
  { attempt, nonce }: { attempt: number; nonce: string },
): string {
  const tail = `${attempt === 1 ? "" : `-${attempt}`}-${nonce}`;
  const start = `crai-r${run}-${step.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
  return `${start.slice(0, 63 - tail.length).replace(/-+$/, "")}${tail}`;
}

export const jobs = { group: "batch", resource: "jobs" } as const;

export function jobObject(
  ref: ObjectRef,
  spec: JsonObject,
  about: { run: number; step: string },
): JsonObject {
  const labels = {
    "app.kubernetes.io/managed-by": "crai",
    "crai.dev/run": String(about.run),
  };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      labels,
      annotations: { "crai.dev/step": about.step },
    },
    spec: { ...spec, template: { ...(spec["template"] as JsonObject), metadata: { labels } } },
  };
}
