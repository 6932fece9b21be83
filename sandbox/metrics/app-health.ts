import { z } from "zod";
import type { PracticeApp } from "../apps/practice-apps.ts";
import { type Fate, fateOf, tagOf } from "../cluster/kubelet/fates.ts";
import { parseQuantity } from "../cluster/kubelet/quantity.ts";
import { cluster } from "../seed.ts";
import type { KubeReader } from "./kube-reader.ts";

/** What a cluster says of one app at one moment. */
export interface AppHealth {
  /** Image tag of the workload's template. */
  tag: string;
  desired: number;
  ready: number;
  /** Shares of the Ready pods, 0 to 1, whose release answers with errors, or slowly. */
  errors: number;
  slow: number;
  /** Share of all its pods, 0 to 1, whose release fills its memory until it is killed. */
  leaking: number;
  /** Of one pod, as its template has them; null where it has none. */
  limits: { cpuCores: number | null; memoryBytes: number | null };
  /** Of the pods that are there. */
  restarts: number;
  /** Whether the rollout ran into its progress deadline. */
  stuck: boolean;
}

const Container = z.object({
  name: z.string(),
  image: z.string(),
  resources: z
    .object({ limits: z.object({ cpu: z.string().optional(), memory: z.string().optional() }).optional() })
    .optional(),
});

const conditions = z.array(z.object({ type: z.string(), status: z.string() }));

const Workloads = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ conditions: conditions.default([]) }).default({ conditions: [] }),
      spec: z.object({
        replicas: z.number().default(1),
        selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }),
        template: z.object({ spec: z.object({ containers: z.array(Container) }) }),
      }),
    }),
  ),
});

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        labels: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({ containers: z.array(Container) }),
      status: z
        .object({
          conditions: conditions.default([]),
          containerStatuses: z.array(z.object({ restartCount: z.number().default(0) })).default([]),
        })
        .default({ conditions: [], containerStatuses: [] }),
    }),
  ),
});
type Pod = z.infer<typeof Pods>["items"][number];

function isServing(pod: Pod): boolean {
  const ready = pod.status.conditions.some(({ type, status }) => type === "Ready" && status === "True");
  return ready && pod.metadata.deletionTimestamp === undefined;
}

/** The app's container; a sidecar's says nothing. */
function containerOf(containers: readonly z.infer<typeof Container>[], container: string) {
  return containers.find(({ name }) => name === container) ?? containers[0];
}

function imageOf(containers: readonly z.infer<typeof Container>[], container: string): string {
  return containerOf(containers, container)?.image ?? "";
}

function limitsOf(containers: readonly z.infer<typeof Container>[], container: string): AppHealth["limits"] {
  const { cpu, memory } = containerOf(containers, container)?.resources?.limits ?? {};
  const amount = (text: string | undefined) => (text === undefined ? null : parseQuantity(text));
  return { cpuCores: amount(cpu), memoryBytes: amount(memory) };
}

function share(pods: readonly Pod[], container: string, fate: Fate): number {
  if (pods.length === 0) return 0;
  return pods.filter((pod) => fateOf(imageOf(pod.spec.containers, container)) === fate).length / pods.length;
}

/** Reads all apps of the namespace at once; an app whose workload is missing is missing in the answer. */
export async function readHealth(
  read: KubeReader,
  apps: readonly PracticeApp[],
): Promise<Map<string, AppHealth>> {
  const { namespace } = cluster;
  const [deployments, pods] = await Promise.all([
    read(`/apis/apps/v1/namespaces/${namespace}/deployments`).then((list) => Workloads.parse(list)),
    read(`/api/v1/namespaces/${namespace}/pods`).then((list) => Pods.parse(list)),
  ]);
  const health = new Map<string, AppHealth>();
  for (const app of apps) {
    const workload = deployments.items.find(({ metadata }) => `deployment/${metadata.name}` === app.workload);
    if (!workload) continue;
    const labels = Object.entries(workload.spec.selector.matchLabels);
    const own = pods.items.filter((pod) =>
      labels.every(([name, value]) => pod.metadata.labels[name] === value),
    );
    const serving = own.filter(isServing);
    health.set(app.name, {
      tag: tagOf(imageOf(workload.spec.template.spec.containers, app.container)),
      desired: workload.spec.replicas,
      ready: serving.length,
      errors: share(serving, app.container, "errors"),
      slow: share(serving, app.container, "slow"),
      limits: limitsOf(workload.spec.template.spec.containers, app.container),
      leaking: share(own, app.container, "oom"),
      restarts: own
        .flatMap(({ status }) => status.containerStatuses)
        .reduce((sum, { restartCount }) => sum + restartCount, 0),
      stuck: workload.status.conditions.some(
        ({ type, status }) => type === "Progressing" && status === "False",
      ),
    });
  }
  return health;
}
