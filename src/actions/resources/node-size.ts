import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import { quantityOf } from "../../domain/quantity.ts";
import type { Cluster } from "../../engine/ports.ts";

const Node = z.object({
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z.object({ allocatable: z.record(z.string(), z.string()).default({}) }).prefault({}),
});

/** The most that one node has for pods, in cores and bytes; null: not known, because the actor may not look, or there is none. */
export async function largestNode({
  objects,
}: Pick<Cluster, "objects">): Promise<{ cpu: number; memory: number } | null> {
  const largest = { cpu: 0, memory: 0 };
  try {
    for await (const item of objects.list({ group: "", resource: "nodes", namespace: null })) {
      const { spec, status } = Node.parse(item);
      if (spec.unschedulable) continue;
      for (const kind of ["cpu", "memory"] as const)
        largest[kind] = Math.max(largest[kind], quantityOf(status.allocatable[kind] ?? "") ?? 0);
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return largest.cpu === 0 ? null : largest;
}
