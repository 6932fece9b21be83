import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { isUserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { memoryText, quantityOf } from "../domain/quantity.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { ofEnvironment } from "./namespace/of-environment.ts";
import { all } from "./preflight/define-check.ts";

const Params = z.strictObject({
  count: z.int().min(1).max(100).default(1).describe("how many new nodes are waited for"),
});

const Node = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z
    .object({
      allocatable: z.record(z.string(), z.string()).default({}),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
        .default([]),
    })
    .prefault({}),
});
type Node = z.infer<typeof Node>;

type Joined = { known: string[]; count: number; namespaces: string[] };

async function nodesOf({ cluster }: EnvironmentContext): Promise<Node[]> {
  const found = await all(cluster.objects, { group: "", resource: "nodes", namespace: null });
  return found.map((item) => Node.parse(item));
}

/** Why no pod can go there; null: it is ready for them. */
function notYet({ spec, status }: Node): string | null {
  const ready = status.conditions.find(({ type }) => type === "Ready");
  if (ready?.status !== "True")
    return `not ready${ready?.message ? `: ${cleanLine(ready.message).slice(0, 160)}` : ""}`;
  return spec.unschedulable ? "cordoned" : null;
}

function sizeOf({ status: { allocatable } }: Node): string {
  return `${allocatable["cpu"] ?? "?"} CPU, ${memoryText(quantityOf(allocatable["memory"] ?? "0") ?? 0)}`;
}

const Pending = z.object({
  status: z
    .object({
      conditions: z.array(z.object({ type: z.string(), reason: z.string().optional() })).default([]),
    })
    .prefault({}),
});

/** Pods that still find no node with room; null: not known. */
async function waitingPods({ namespaces }: Joined, { cluster }: EnvironmentContext): Promise<number | null> {
  let count = 0;
  try {
    for (const namespace of namespaces) {
      const pods = { group: "", resource: "pods", namespace };
      for await (const item of cluster.objects.list(pods, { fieldSelector: "status.phase=Pending" }))
        if (Pending.parse(item).status.conditions.some(({ reason }) => reason === "Unschedulable"))
          count += 1;
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return count;
}

/** Waits for nodes that were not there when it was planned, until they are ready for pods. */
export const nodesJoined = defineAction<z.infer<typeof Params>, Joined, "environment">({
  name: "nodes-joined",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan({ count }, context) {
    const known = await nodesOf(context);
    return {
      title: count === 1 ? "a new node is ready" : `${count} new nodes are ready`,
      calls: [{ cluster: context.clusterName, verb: "list", group: "", resource: "nodes", namespace: null }],
      facts: [{ label: "Nodes now", value: known.map(({ metadata }) => metadata.name).join(", ") || "none" }],
      diff: null,
      kubectl: ["kubectl get nodes --watch"],
      warnings: [],
      fingerprint: digest(["nodes-joined", count]),
      inverse: null,
      ...ofEnvironment(context),
      state: {
        known: known.map(({ metadata }) => metadata.uid),
        count,
        namespaces: [...context.namespaces],
      },
    };
  },

  async observe(state, context) {
    const joined = (await nodesOf(context)).filter(({ metadata }) => !state.known.includes(metadata.uid));
    const ready = joined.filter((node) => notYet(node) === null);
    if (ready.length < state.count) {
      const others = joined.flatMap((node) => {
        const why = notYet(node);
        return why === null ? [] : [`${node.metadata.name} is ${why}`];
      });
      const detail = `${ready.length} of ${state.count} new nodes are ready`;
      return { state: "pending", detail: [detail, ...others].join("; ") };
    }
    const waiting = await waitingPods(state, context);
    const evidence: Evidence[] = ready.map((node) => ({
      what: `${node.metadata.name} has joined and is ready: ${sizeOf(node)}`,
      ok: true,
    }));
    if (waiting !== null)
      evidence.push(
        waiting === 0
          ? { what: "No pod waits for a node", ok: true }
          : { what: `${waiting} pods still wait for a node with room`, ok: null },
      );
    return { state: "done", evidence };
  },

  lookEvery: () => 3000,
});
