import { z } from "zod";

const Deployment = z.object({
  status: z.object({
    conditions: z.array(
      z.object({
        type: z.string(),
        reason: z.string().optional(),
        lastUpdateTime: z.coerce.date().optional(),
      }),
    ),
  }),
});

/**
 * When a Deployment's last rollout was complete, by its `Progressing` condition; null: it is under way, or the workload
 * does not say. The age of the release is no substitute: after a rollback an old release has just come.
 */
export function rolledOutAt(workload: unknown): Date | null {
  const parsed = Deployment.safeParse(workload);
  if (!parsed.success) return null;
  const progressing = parsed.data.status.conditions.find(({ type }) => type === "Progressing");
  if (progressing?.reason !== "NewReplicaSetAvailable" || progressing.lastUpdateTime === undefined)
    return null;
  return progressing.lastUpdateTime;
}
