import { z } from "zod";
import { type Target, workloadKinds } from "../../domain/app.ts";
import { isUserError } from "../../domain/errors.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { Cluster, ResourceKind } from "../../engine/ports.ts";

const Autoscaler = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    targetRef: z.object({ kind: z.string(), name: z.string() }),
    updatePolicy: z.object({ updateMode: z.string().default("Auto") }).prefault({}),
  }),
});

async function kind({ objects }: Pick<Cluster, "objects">): Promise<ResourceKind | null> {
  try {
    return await objects.kindOf("autoscaling.k8s.io/v1", "VerticalPodAutoscaler");
  } catch (error) {
    if (!isRefusal(error, "not-found")) throw error;
    return null;
  }
}

/** Names of the vertical autoscalers that set what this workload's pods get; null: not known, because the actor may not look. */
export async function verticalAutoscalersOf(
  target: Target,
  cluster: Pick<Cluster, "objects">,
): Promise<string[] | null> {
  const served = await kind(cluster);
  if (served === null) return [];
  const { group, version, resource } = served;
  const names: string[] = [];
  try {
    for await (const item of cluster.objects.list({
      group,
      version,
      resource,
      namespace: target.namespace,
    })) {
      const { metadata, spec } = Autoscaler.parse(item);
      const isOurs =
        spec.targetRef.kind === workloadKinds[target.kind].kind && spec.targetRef.name === target.name;
      if (isOurs && spec.updatePolicy.updateMode !== "Off") names.push(metadata.name);
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return names;
}
