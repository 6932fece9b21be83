import { z } from "zod";
import type { ObjectRef } from "../../engine/ports.ts";

export function configMapRef(namespace: string, name: string): ObjectRef {
  return { group: "", version: "v1", resource: "configmaps", namespace, name };
}

/** What is read of one. */
export const ConfigMap = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  data: z.record(z.string(), z.string()).default({}),
  immutable: z.boolean().default(false),
});
export type ConfigMap = z.infer<typeof ConfigMap>;
