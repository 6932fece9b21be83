import { randomUUID } from "node:crypto";
import { prepareNew } from "../defaults/defaults.ts";
import type { Pod } from "../controllers/objects.ts";
import { statusOf } from "../kubelet/pod-status.ts";
import { timestamp } from "../object.ts";
import type { Store } from "../store.ts";
import { addressOf, nodeNames } from "./nodes.ts";

/**
 * Finished pods of a batch system that nobody clears away, so that a namespace has very many: they take no room on
 * the nodes, and whoever lists pods without a selector gets them all.
 */
export function seedManyPods(store: Store, namespace: string, count: number, now: Date): void {
  for (let number = 1; number <= count; number++) {
    const node = nodeNames[number % nodeNames.length]!;
    const run = String(Math.ceil(number / 20)).padStart(4, "0");
    const pod: Pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: `batch-scoring-${run}-${String(number % 20).padStart(2, "0")}`,
        namespace,
        uid: randomUUID(),
        labels: { app: "batch-scoring", run },
      },
      spec: {
        nodeName: node,
        restartPolicy: "Never",
        containers: [{ name: "score", image: "batch-scoring:v3.1.0", args: ["--run", run] }],
      },
    };
    prepareNew("pods", pod, true);
    const terminated = {
      exitCode: 0,
      reason: "Completed",
      startedAt: timestamp(new Date(now.getTime() - 60_000)),
      finishedAt: timestamp(now),
    };
    const report = {
      phase: "Succeeded" as const,
      podIP: `10.244.${100 + (number % 100)}.${2 + Math.floor(number / 100)}`,
      containers: () => ({ state: { terminated } }),
    };
    pod.status = statusOf(pod, addressOf(node), report, now);
    store.create("pods", pod, { manager: "kubelet", now });
  }
}
