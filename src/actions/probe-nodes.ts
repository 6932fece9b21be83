import { z } from "zod";
import { isError, isUserError } from "../domain/errors.ts";
import { quantityOf } from "../domain/quantity.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { Cluster } from "../engine/ports.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { percentText } from "./diagnose/texts.ts";

const Node = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
  status: z
    .object({
      allocatable: z.record(z.string(), z.string()).default({}),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    })
    .prefault({}),
});
const NodeMetrics = z.object({
  metadata: z.object({ name: z.string() }),
  usage: z.object({ cpu: z.string().default("0"), memory: z.string().default("0") }),
});

const mostNodes = 50;
const high = 0.85;

type Usage = ReadonlyMap<string, z.infer<typeof NodeMetrics>["usage"]>;

/** null: not known, because there is no metrics API or no right to see it. */
async function usageOf({ objects }: Cluster): Promise<Usage | null> {
  const usage = new Map<string, z.infer<typeof NodeMetrics>["usage"]>();
  try {
    for await (const item of objects.list({ group: "metrics.k8s.io", resource: "nodes", namespace: null })) {
      const node = NodeMetrics.parse(item);
      usage.set(node.metadata.name, node.usage);
    }
    return usage;
  } catch (error) {
    if (!isUserError(error) && !isError(error, "ClusterUnreachable")) throw error;
    return null;
  }
}

function shareOf(used: string | undefined, allocatable: string | undefined): number | null {
  const [amount, whole] = [quantityOf(used ?? ""), quantityOf(allocatable ?? "")];
  return amount === null || whole === null || whole === 0 ? null : amount / whole;
}

/** The nodes: whether they are ready and under pressure, and how much of them is used. */
export const probeNodes = defineProbe({
  name: "probe-nodes",
  params: z.strictObject({}),
  title: ({ target }) => `nodes of ${target.cluster}`,
  calls: () => [
    { verb: "list", group: "", resource: "nodes", namespace: null },
    { verb: "list", group: "metrics.k8s.io", resource: "nodes", namespace: null },
  ],
  kubectl: () => ["kubectl get nodes", "kubectl top nodes"],

  async look({ cluster }) {
    const usage = await usageOf(cluster);
    let total = 0;
    const nodes = [];
    for await (const item of cluster.objects.list({ group: "", resource: "nodes", namespace: null })) {
      const { metadata, spec, status } = Node.parse(item);
      total += 1;
      const used = usage?.get(metadata.name);
      const is = (type: string): boolean =>
        status.conditions.some((one) => one.type === type && one.status === "True");
      const node = {
        name: metadata.name,
        ready: is("Ready"),
        cordoned: spec.unschedulable,
        pressures: ["MemoryPressure", "DiskPressure", "PIDPressure"].filter(is),
        cpu: shareOf(used?.cpu, status.allocatable["cpu"]),
        memory: shareOf(used?.memory, status.allocatable["memory"]),
      };
      if (nodes.length < mostNodes || !node.ready || node.pressures.length > 0) nodes.push(node);
    }
    const evidence = nodes.map(({ name, ready, cordoned, pressures, cpu, memory }): Evidence => {
      const says = [
        ready ? "ready" : "not ready",
        ...(cordoned ? ["cordoned"] : []),
        ...pressures,
        ...(cpu === null ? [] : [`CPU ${percentText(cpu)}`]),
        ...(memory === null ? [] : [`memory ${percentText(memory)}`]),
      ];
      const full = (cpu ?? 0) > high || (memory ?? 0) > high;
      return { what: `${name}: ${says.join(", ")}`, ok: ready && pressures.length === 0 && !full };
    });
    const worst = evidence.toSorted((a, b) => Number(a.ok) - Number(b.ok)).slice(0, 6);
    const unseen = {
      what: "How much of the nodes is used is not known: no metrics API, or no right to it",
      ok: null,
    };
    return {
      state: "done",
      evidence: [...worst, ...(usage === null ? [unseen] : [])],
      values: { total, nodes: nodes.slice(0, mostNodes) },
    };
  },
});
