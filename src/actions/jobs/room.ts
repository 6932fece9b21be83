import { z } from "zod";
import type { Warning } from "../../domain/plan.ts";
import { quantityOf } from "../../domain/quantity.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Cluster } from "../../engine/ports.ts";
import type { NamedJob } from "./settings.ts";

const texts = z.record(z.string(), z.string()).default({});
const Quota = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ scopes: z.array(z.string()).default([]), scopeSelector: z.unknown().optional() }),
  status: z.object({ hard: texts, used: texts }).default({ hard: {}, used: {} }),
});

/** What one pod of the Job takes from each resource that a quota may count. */
function wanted({ limits: { cpu, memory } }: NamedJob): Record<string, string> {
  return {
    pods: "1",
    "count/pods": "1",
    "count/jobs.batch": "1",
    cpu,
    memory,
    "requests.cpu": cpu,
    "requests.memory": memory,
    "limits.cpu": cpu,
    "limits.memory": memory,
  };
}

/** Quotas of some pods only (scopes) are left to the API server, which knows whose they are. */
function shortOf(quota: z.infer<typeof Quota>, takes: Record<string, string>): string[] {
  if (quota.spec.scopes.length > 0 || quota.spec.scopeSelector !== undefined) return [];
  return Object.entries(quota.status.hard).flatMap(([resource, hard]) => {
    const amount = takes[resource];
    if (amount === undefined) return [];
    const used = quota.status.used[resource] ?? "0";
    const [most, taken, more] = [hard, used, amount].map((text) => quantityOf(text) ?? 0) as [
      number,
      number,
      number,
    ];
    return taken + more > most ? [`${resource}: ${used} of ${hard} are used, it takes ${amount}`] : [];
  });
}

/**
 * The pods of a Job are made after it, so that no dry run of the Job meets the quota on pods. null: not known, because
 * the actor may not look.
 */
export async function roomFor(
  job: NamedJob,
  namespace: string,
  { objects }: Pick<Cluster, "objects">,
): Promise<Warning[] | null> {
  const warnings: Warning[] = [];
  try {
    for await (const item of objects.list({ group: "", resource: "resourcequotas", namespace })) {
      const quota = Quota.parse(item);
      const short = shortOf(quota, wanted(job));
      if (short.length > 0)
        warnings.push({
          level: "block",
          text: `The quota ${quota.metadata.name} in ${namespace} leaves no room for the Job ${job.name}: ${short.join("; ")}.`,
          next: "Wait until something ends there, lower `limits` of the Job, or ask for a higher quota.",
        });
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return warnings;
}
