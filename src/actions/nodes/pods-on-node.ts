import { z } from "zod";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z
      .array(z.object({ kind: z.string(), controller: z.boolean().default(false) }))
      .default([]),
  }),
  spec: z
    .object({
      volumes: z.array(z.object({ name: z.string(), emptyDir: z.unknown().optional() })).default([]),
    })
    .prefault({}),
  status: z
    .object({
      phase: z.string().default("Pending"),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
});

export interface PodOnNode {
  namespace: string;
  name: string;
  uid: string;
  labels: Record<string, string>;
  deleting: boolean;
  ready: boolean;
  /** What `kubectl drain` does with it. */
  fate:
    | { evicted: true; /** Needs to be said yes to. */ only: "unmanaged" | "emptyDir" | null }
    | { evicted: false; why: "a DaemonSet's" | "the kubelet's own" };
}

/** kubectl's filters, in its order: mirror pods, DaemonSets, then what would be lost. */
function fateOf({ metadata, spec, status }: z.infer<typeof Pod>): PodOnNode["fate"] {
  if ("kubernetes.io/config.mirror" in metadata.annotations)
    return { evicted: false, why: "the kubelet's own" };
  const over = status.phase === "Succeeded" || status.phase === "Failed";
  const controller = metadata.ownerReferences.find((owner) => owner.controller);
  if (over) return { evicted: true, only: null };
  if (controller?.kind === "DaemonSet") return { evicted: false, why: "a DaemonSet's" };
  if (controller === undefined) return { evicted: true, only: "unmanaged" };
  const local = spec.volumes.some(({ emptyDir }) => emptyDir !== undefined);
  return { evicted: true, only: local ? "emptyDir" : null };
}

export async function podsOnNode({ cluster }: EnvironmentContext, node: string): Promise<PodOnNode[]> {
  const found: PodOnNode[] = [];
  const of = { group: "", resource: "pods", namespace: null };
  for await (const raw of cluster.objects.list(of, { fieldSelector: `spec.nodeName=${node}` })) {
    const pod = Pod.parse(raw);
    const { name, namespace, uid, labels, deletionTimestamp } = pod.metadata;
    found.push({
      namespace,
      name,
      uid,
      labels,
      deleting: deletionTimestamp !== undefined,
      ready: pod.status.conditions.some(({ type, status }) => type === "Ready" && status === "True"),
      fate: fateOf(pod),
    });
  }
  return found;
}
