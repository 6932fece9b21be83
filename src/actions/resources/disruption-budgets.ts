import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import type { Cluster } from "../../engine/ports.ts";
import { Selector, selects } from "../preflight/selector.ts";

const Budget = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ selector: Selector.nullish(), unhealthyPodEvictionPolicy: z.string().nullish() }),
  status: z
    .object({
      disruptionsAllowed: z.number().default(0),
      currentHealthy: z.number().default(0),
      desiredHealthy: z.number().default(0),
    })
    .prefault({}),
});

/**
 * Why pods with these labels, `ready` or not, may not be evicted now, as the disruption budget over them stands;
 * empty: none holds them. null: not known, because the actor may not look.
 */
export async function heldByBudgets(
  {
    namespace,
    labels,
    ready = false,
  }: { namespace: string; labels: Readonly<Record<string, string>>; ready?: boolean },
  { objects }: Pick<Cluster, "objects">,
): Promise<string[] | null> {
  const held: string[] = [];
  const budgets = { group: "policy", version: "v1", resource: "poddisruptionbudgets", namespace };
  try {
    for await (const item of objects.list(budgets)) {
      const { metadata, spec, status } = Budget.parse(item);
      if (!spec.selector || !selects(spec.selector, labels)) continue;
      const { disruptionsAllowed, currentHealthy, desiredHealthy } = status;
      const uncounted =
        !ready &&
        (spec.unhealthyPodEvictionPolicy === "AlwaysAllow" ||
          (desiredHealthy > 0 && currentHealthy >= desiredHealthy));
      if (!uncounted && disruptionsAllowed <= 0)
        held.push(
          `the disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy}`,
        );
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return held;
}
