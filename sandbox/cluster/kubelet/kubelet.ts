import { createRecorder } from "../controllers/events.ts";
import type { Recorder } from "../controllers/events.ts";
import type { Node, Pod } from "../controllers/objects.ts";
import { keyOf, splitKey } from "../controllers/ownership.ts";
import { isFinished, isReady } from "../controllers/pod-readiness.ts";
import { createWorkQueue } from "../controllers/work-queue.ts";
import type { Store, WatchEvent } from "../store.ts";
import { createLife, isCrashing } from "./life.ts";
import type { Life } from "./life.ts";
import type { Timing } from "./timing.ts";

export interface Kubelet {
  observe(plural: string, event: Pick<WatchEvent, "type" | "object">): void;
  close(): void;
}

/** The kubelets of all nodes: they start, watch over and stop the pods that are bound to a node. */
export function createKubelet(store: Store, now: () => Date, timing: Timing): Kubelet {
  const lives = new Map<string, Life>();
  const recorders = new Map<string, Recorder>();
  const queue = createWorkQueue("kubelet", see);
  let lastAddress = 1;

  function recorderOf(host: string): Recorder {
    const recorder = recorders.get(host) ?? createRecorder(store, now, { component: "kubelet", host });
    recorders.set(host, recorder);
    return recorder;
  }

  function see(key: string): void {
    const pod = store.get("pods", ...splitKey(key)) as Pod | undefined;
    if (!pod?.spec.nodeName || isFinished(pod)) return;
    const life = lives.get(pod.metadata.uid!) ?? begin(pod);
    if (pod.metadata.deletionTimestamp) life.stop();
  }

  function begin(pod: Pod): Life {
    const host = pod.spec.nodeName!;
    const node = store.get("nodes", undefined, host) as Node | undefined;
    const hostIP = node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "127.0.0.1";
    const life = createLife(pod, { store, now, timing, record: recorderOf(host), hostIP, nextAddress });
    lives.set(pod.metadata.uid!, life);
    // A pod that ran before this kubelet started goes on as it is; a crashing one goes on crashing.
    if (isReady(pod)) return life;
    if (isCrashing(pod)) life.resume(pod);
    else life.start();
    return life;
  }

  function nextAddress(node: string): string {
    const subnet = Math.max(
      0,
      (store.list("nodes") as Node[]).findIndex(({ metadata }) => metadata.name === node),
    );
    const active = store.list("pods", undefined, (pod) => !isFinished(pod as Pod)) as Pod[];
    const taken = new Set(active.map((pod) => pod.status?.podIP));
    for (;;) {
      lastAddress = (lastAddress % 254) + 1;
      const address = `10.244.${subnet}.${lastAddress}`;
      if (!taken.has(address)) return address;
    }
  }

  return {
    observe(plural, { type, object }) {
      if (plural === "configmaps" || plural === "secrets") {
        for (const life of lives.values()) life.referenceChanged(object.metadata.namespace);
      }
      if (plural !== "pods") return;
      const { uid = "" } = object.metadata;
      if (type !== "DELETED") {
        queue.add(keyOf(object));
        return;
      }
      lives.get(uid)?.close();
      lives.delete(uid);
    },
    close() {
      queue.close();
      for (const life of lives.values()) life.close();
      lives.clear();
    },
  };
}
