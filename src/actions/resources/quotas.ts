import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import { cpuText, memoryText, quantityOf } from "../../domain/quantity.ts";
import type { Cluster } from "../../engine/ports.ts";

const texts = z.record(z.string(), z.string()).default({});
const Quota = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z
    .object({ scopes: z.array(z.string()).default([]), scopeSelector: z.unknown().optional() })
    .prefault({}),
  status: z.object({ hard: texts, used: texts }).default({ hard: {}, used: {} }),
});
export type Quota = z.infer<typeof Quota>;

/** The quotas of a namespace; null: not known, because the actor may not look. */
export async function quotasIn(
  namespace: string,
  { objects }: Pick<Cluster, "objects">,
): Promise<Quota[] | null> {
  const found: Quota[] = [];
  try {
    for await (const item of objects.list({ group: "", resource: "resourcequotas", namespace }))
      found.push(Quota.parse(item));
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return found;
}

function text(resource: string, amount: number): string {
  if (resource.endsWith("memory")) return memoryText(amount);
  return resource.endsWith("cpu") ? cpuText(amount) : String(amount);
}

/**
 * Where a quota has less left than is wanted, by the resource it counts: cores, bytes, pieces. Quotas of some pods only
 * (scopes) are left to the API server, which knows whose they are.
 */
export function shortOf({ spec, status }: Quota, wanted: Readonly<Record<string, number>>): string[] {
  if (spec.scopes.length > 0 || spec.scopeSelector !== undefined) return [];
  return Object.entries(status.hard).flatMap(([resource, hard]) => {
    const more = wanted[resource] ?? 0;
    const used = status.used[resource] ?? "0";
    const left = (quantityOf(hard) ?? 0) - (quantityOf(used) ?? 0);
    return more > 0 && more > left
      ? [`${resource}: ${used} of ${hard} are used, it takes ${text(resource, more)}`]
      : [];
  });
}
