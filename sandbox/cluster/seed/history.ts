import { controllers } from "../controllers/start.ts";
import type { Pod, PodTemplate } from "../controllers/objects.ts";
import { isTerminating } from "../controllers/pod-readiness.ts";
import { prepareNew } from "../defaults/defaults.ts";
import { statusOf } from "../kubelet/pod-status.ts";
import { defaultTiming } from "../kubelet/timing.ts";
import { chooseNode } from "../kubelet/scheduler.ts";
import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";
import { addressOf, nodeNames } from "./nodes.ts";

/** A workload and the releases it has been through, oldest first. */
export interface WorkloadSeed {
  kind: "Deployment" | "StatefulSet" | "DaemonSet";
  name: string;
  namespace: string;
  app: string;
  replicas?: number;
  spec?: Record<string, unknown>;
  releases: { daysAgo: number; cause?: string; template: PodTemplate }[];
}

/**
 * Rolls the releases out in the order they happened, each at its own time and through the same controllers as later
 * ones: so revisions, ReplicaSets and conditions are what real rollouts leave. Pods are ready at once; events are
 * not written, as Kubernetes forgets them after an hour.
 */
export function replayReleases(store: Store, workloads: WorkloadSeed[], now: Date): void {
  const releases = workloads.flatMap((workload) =>
    workload.releases.map((release) => ({ workload, ...release })),
  );
  for (const { workload, daysAgo, cause, template } of releases.sort((a, b) => b.daysAgo - a.daysAgo)) {
    const at = new Date(now.getTime() - daysAgo * 86_400_000);
    settle(store, at, () => roll(store, workload, { cause, template }, at));
  }
}

function roll(
  store: Store,
  { kind, name, namespace, app, replicas, spec }: WorkloadSeed,
  { cause, template }: { cause: string | undefined; template: PodTemplate },
  now: Date,
): void {
  const plural = `${kind.toLowerCase()}s`;
  const stored = store.get(plural, namespace, name);
  const wanted: KubeObject = {
    apiVersion: "apps/v1",
    kind,
    metadata: {
      name,
      namespace,
      labels: { app },
      ...(cause && { annotations: { "kubernetes.io/change-cause": cause } }),
    },
    spec: { ...spec, ...(replicas && { replicas }), selector: { matchLabels: { app } }, template },
  };
  prepareNew(plural, wanted, true);
  const by = { manager: "kubectl-client-side-apply", now };
  if (!stored) {
    store.create(plural, wanted, by);
    return;
  }
  const generation = stored.metadata.annotations?.[templateGeneration];
  const annotations = {
    ...stored.metadata.annotations,
    ...wanted.metadata.annotations,
    ...(generation && { [templateGeneration]: String(Number(generation) + 1) }),
  };
  store.update(
    plural,
    { ...stored, metadata: { ...stored.metadata, annotations }, spec: wanted["spec"] },
    by,
  );
}

const templateGeneration = "deprecated.daemonset.template.generation";

/** Makes a change and lets all controllers act on it, and on what they do themselves, at a standing clock. */
export function settle(store: Store, now: Date, change: () => void): void {
  const due = new Set<string>();
  const names = Object.keys(controllers) as (keyof typeof controllers)[];
  const unsubscribe = store.onEvent((plural, { type, object }) => {
    for (const name of names)
      controllers[name].observe(plural, object, (key) => due.add(`${name} ${key}`), type);
  });
  const bench = {
    store,
    now: () => now,
    by: () => ({ manager: "kube-controller-manager", now }),
    record: () => {},
    again: () => {},
    timing: defaultTiming,
  };
  change();
  do {
    for (const entry of due) {
      due.delete(entry);
      const [name = "", key = ""] = entry.split(" ");
      controllers[name as keyof typeof controllers].reconcile(bench, key);
    }
  } while (runPods(store, now) || due.size > 0);
  unsubscribe();
}

/** Stops and starts pods at once; false when there was nothing to do. */
function runPods(store: Store, now: Date): boolean {
  const pods = store.list("pods") as Pod[];
  const taken = new Set(pods.map((pod) => pod.status?.podIP));
  const before = store.resourceVersion;
  for (const pod of pods) {
    const { namespace, name } = pod.metadata;
    if (isTerminating(pod)) {
      store.delete("pods", namespace, name, { manager: "kubelet", now, gracePeriodSeconds: 0 });
    } else if (pod.status?.phase === "Pending") {
      run(store, pod, taken, now);
    }
  }
  return store.resourceVersion !== before;
}

function freeAddress(node: string, taken: Set<string | undefined>): string {
  for (let last = 2; ; last++) {
    const address = `10.244.${nodeNames.findIndex((name) => name === node)}.${last}`;
    if (taken.has(address)) continue;
    taken.add(address);
    return address;
  }
}

function run(store: Store, pod: Pod, taken: Set<string | undefined>, now: Date): void {
  const { node } = chooseNode(store, pod);
  if (!node) throw new Error(`The seeded pod ${pod.metadata.name} fits no node.`);
  const bound = store.update(
    "pods",
    { ...pod, spec: { ...pod.spec, nodeName: node } },
    { manager: "kube-scheduler", now },
  ) as Pod;
  const running = { state: { running: { startedAt: timestamp(now) } }, ready: true, started: true };
  const status = statusOf(
    bound,
    addressOf(node),
    { phase: "Running", podIP: freeAddress(node, taken), containers: () => running },
    now,
  );
  store.updateStatus("pods", { ...bound, status }, { manager: "kubelet", now });
}
