import { onTestFinished, vi } from "vitest";
import type {
  DaemonSet,
  Deployment,
  Pod,
  ReplicaSet,
  StatefulSet,
} from "../../../sandbox/cluster/controllers/objects.ts";
import { startControllers } from "../../../sandbox/cluster/controllers/start.ts";
import { prepareNew } from "../../../sandbox/cluster/defaults/defaults.ts";
import type { Timing } from "../../../sandbox/cluster/kubelet/timing.ts";
import type { KubeObject } from "../../../sandbox/cluster/object.ts";
import { seedBareCluster } from "../../../sandbox/cluster/seed/seed-cluster.ts";
import { createStore } from "../../../sandbox/cluster/store.ts";
import type { Store } from "../../../sandbox/cluster/store.ts";

type Change = Record<string, unknown>;

/** A store with nodes, controllers and kubelets, and the namespace "shop" to act in. */
export interface World {
  store: Store;
  create(plural: string, name: string, spec: Change, rest?: Change): void;
  /** Changes the stored object in place. */
  change(plural: string, name: string, edit: (object: KubeObject) => void): void;
  image(plural: string, name: string, image: string): void;
  deployment(name: string): Deployment;
  statefulSet(name: string): StatefulSet;
  daemonSet(name: string): DaemonSet;
  /** Newest revision first. */
  replicaSets(): ReplicaSet[];
  /** All pods of the namespace, by name. */
  pods(): Pod[];
  /** `reason: message` of the events about objects whose name starts so. */
  events(about: string): string[];
  close(): void;
}

const fast: Timing = {
  podStart: 20,
  podStop: 10,
  crashBackOff: 40,
  pullBackOff: 40,
  jobBackOff: 40,
  programPace: 0.01,
  autoscaleEvery: 100,
};
const namespace = "shop";

export function startWorld(timing: Partial<Timing> = {}): World {
  const store = createStore();
  const now = (): Date => new Date();
  const by = () => ({ manager: "test", now: now() });
  seedBareCluster(store, now());
  const controllers = startControllers(store, { now, timing: { ...fast, ...timing } });
  onTestFinished(() => controllers.close());
  store.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, by());

  function change(plural: string, name: string, edit: (object: KubeObject) => void): void {
    const object = store.get(plural, namespace, name)!;
    edit(object);
    store.update(plural, object, by());
  }

  return {
    store,
    create(plural, name, spec, rest = {}) {
      const [apiVersion, kind] = kinds[plural]!;
      const object = { apiVersion, kind, metadata: { name, namespace }, spec, ...rest } as KubeObject;
      prepareNew(plural, object, !["configmaps", "secrets"].includes(plural));
      store.create(plural, object, by());
    },
    change,
    image(plural, name, image) {
      change(plural, name, (object) => {
        (object as Deployment).spec.template.spec.containers[0]!.image = image;
      });
    },
    deployment: (name) => store.get("deployments", namespace, name) as Deployment,
    statefulSet: (name) => store.get("statefulsets", namespace, name) as StatefulSet,
    daemonSet: (name) => store.get("daemonsets", namespace, name) as DaemonSet,
    replicaSets: () =>
      (store.list("replicasets", namespace) as ReplicaSet[]).sort((a, b) => revision(b) - revision(a)),
    pods: () => store.list("pods", namespace) as Pod[],
    events: (about) =>
      store
        .list("events", namespace)
        .filter((event) => (event["involvedObject"] as { name: string }).name.startsWith(about))
        .map((event) => `${String(event["reason"])}: ${String(event["message"])}`),
    close: () => controllers.close(),
  };
}

const kinds: Record<string, [apiVersion: string, kind: string]> = {
  configmaps: ["v1", "ConfigMap"],
  cronjobs: ["batch/v1", "CronJob"],
  daemonsets: ["apps/v1", "DaemonSet"],
  deployments: ["apps/v1", "Deployment"],
  horizontalpodautoscalers: ["autoscaling/v2", "HorizontalPodAutoscaler"],
  jobs: ["batch/v1", "Job"],
  poddisruptionbudgets: ["policy/v1", "PodDisruptionBudget"],
  resourcequotas: ["v1", "ResourceQuota"],
  secrets: ["v1", "Secret"],
  services: ["v1", "Service"],
  statefulsets: ["apps/v1", "StatefulSet"],
};

export function revision(object: KubeObject): number {
  return Number(object.metadata.annotations?.["deployment.kubernetes.io/revision"]);
}

/** The spec of a workload with one container. */
export function workload(image: string, rest: Change = {}, container: Change = {}): Change {
  const containers = [{ name: "main", image, ...container }];
  return {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers } },
    ...rest,
  };
}

export function imageOf(pod: Pod): string {
  return pod.spec.containers[0]!.image;
}

/** The word kubectl would print for the pod's container. */
export function stateOf(pod: Pod | undefined): string {
  const state = pod?.status?.containerStatuses?.[0]?.state ?? {};
  const { reason } = state["waiting"] ?? state["terminated"] ?? {};
  return typeof reason === "string" ? reason : (Object.keys(state)[0] ?? "nothing yet");
}

export function eventually<T>(check: () => T): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}
