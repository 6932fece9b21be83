import type { Warning } from "../../domain/plan.ts";
import { quantityOf } from "../../domain/quantity.ts";
import type { Cluster } from "../../engine/ports.ts";
import { quotasIn, shortOf } from "../resources/quotas.ts";
import type { NamedJob } from "./settings.ts";

/** What one pod of the Job takes from each resource that a quota may count. */
function wanted({ limits }: NamedJob): Record<string, number> {
  const [cpu, memory] = [quantityOf(limits.cpu) ?? 0, quantityOf(limits.memory) ?? 0];
  return {
    pods: 1,
    "count/pods": 1,
    "count/jobs.batch": 1,
    cpu,
    memory,
    "requests.cpu": cpu,
    "requests.memory": memory,
    "limits.cpu": cpu,
    "limits.memory": memory,
  };
}

/**
 * The pods of a Job are made after it, so that no dry run of the Job meets the quota on pods. null: not known, because
 * the actor may not look.
 */
export async function roomFor(
  job: NamedJob,
  namespace: string,
  cluster: Pick<Cluster, "objects">,
): Promise<Warning[] | null> {
  const quotas = await quotasIn(namespace, cluster);
  if (quotas === null) return null;
  return quotas.flatMap((quota): Warning[] => {
    const short = shortOf(quota, wanted(job));
    if (short.length === 0) return [];
    return [
      {
        level: "block",
        text: `The quota ${quota.metadata.name} in ${namespace} leaves no room for the Job ${job.name}: ${short.join("; ")}.`,
        next: "Wait until something ends there, lower `limits` of the Job, or ask for a higher quota.",
      },
    ];
  });
}
