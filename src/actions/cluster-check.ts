import { z } from "zod";
import { quantityOf } from "../domain/quantity.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { EnvironmentContext } from "../engine/playbooks/action.ts";
import { all, defineCheck } from "./preflight/define-check.ts";

const Quantity = z.string().refine((text) => quantityOf(text) !== null, "an amount, such as 16 or 64G");

const Params = z.strictObject({
  of: z.enum(["version", "nodes", "gpu", "storage"]).describe("which of its demands is looked at"),
  version: z
    .string()
    .regex(/^\d+\.\d+$/)
    .default("1.24")
    .describe("the least version of the API server"),
  cpu: Quantity.default("16").describe("the least CPU of each node"),
  memory: Quantity.default("64G").describe("the least memory of each node"),
  storage: Quantity.default("500G").describe("the least disk of all nodes together"),
});
type Params = z.infer<typeof Params>;

const Node = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  status: z.object({ capacity: z.record(z.string(), z.string()).default({}) }).prefault({}),
});
type Node = z.infer<typeof Node>;

const StorageClass = z.object({ metadata: z.object({ name: z.string() }) });

const nodes = { group: "", resource: "nodes", namespace: null };
const classes = { group: "storage.k8s.io", version: "v1", resource: "storageclasses", namespace: null };

/** As device plugins of the makers name them. */
const gpus = ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915", "gpu.intel.com/xe"];

function amount({ status }: Node, resource: string): number {
  return quantityOf(status.capacity[resource] ?? "0") ?? 0;
}

function gigabytes(bytes: number): string {
  return `${Math.round(bytes / 1e9)} GB`;
}

/** Nodes that carry the apps: the control plane's own are sized differently. */
async function workers({ cluster }: EnvironmentContext): Promise<Node[]> {
  const found = (await all(cluster.objects, nodes)).map((item) => Node.parse(item));
  return found.filter(({ metadata }) => !("node-role.kubernetes.io/control-plane" in metadata.labels));
}

async function versionEvidence({ version }: Params, { cluster }: EnvironmentContext): Promise<Evidence[]> {
  const found = await cluster.serverVersion();
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(found) ?? [];
  if (major === undefined) return [{ what: `The API server's version ${found} cannot be read`, ok: null }];
  const [wantedMajor, wantedMinor] = version.split(".").map(Number) as [number, number];
  const ok = Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
  return [{ what: `Kubernetes ${found} (at least ${version})`, ok }];
}

function nodesEvidence({ cpu, memory }: Params, found: Node[]): Evidence[] {
  return found.map((node) => {
    const [cores, bytes] = [amount(node, "cpu"), amount(node, "memory")];
    const ok = cores >= quantityOf(cpu)! && bytes >= quantityOf(memory)!;
    return {
      what: `${node.metadata.name} has ${cores} CPU and ${gigabytes(bytes)}${ok ? "" : ` (at least ${cpu} CPU and ${gigabytes(quantityOf(memory)!)})`}`,
      ok,
    };
  });
}

function gpuEvidence(found: Node[]): Evidence[] {
  const total = found.reduce((sum, node) => sum + gpus.reduce((own, gpu) => own + amount(node, gpu), 0), 0);
  return [{ what: total === 0 ? "No node offers a GPU" : `${total} GPUs`, ok: total > 0 }];
}

async function storageEvidence(
  { storage }: Params,
  found: Node[],
  { cluster }: EnvironmentContext,
): Promise<Evidence[]> {
  const names = (await all(cluster.objects, classes)).map((item) => StorageClass.parse(item).metadata.name);
  const disks = found.reduce((sum, node) => sum + amount(node, "ephemeral-storage"), 0);
  return [
    {
      what: names.length === 0 ? "There is no storage class" : `Storage class ${names.join(", ")}`,
      ok: names.length > 0,
    },
    // Less says nothing: volumes of a cloud are on no node's disk.
    {
      what: `The nodes have ${gigabytes(disks)} of disk (at least ${gigabytes(quantityOf(storage)!)})`,
      ok: disks >= quantityOf(storage)! ? true : null,
    },
  ];
}

/** Whether the cluster is what the runbook demands of one. */
export const clusterCheck = defineCheck<Params>({
  name: "cluster-check",
  params: Params,
  title: ({ of }) => `the cluster's ${of}`,
  calls: ({ of }) => [
    ...(of === "version" ? [] : [{ verb: "list" as const, ...nodes }]),
    ...(of === "storage" ? [{ verb: "list" as const, ...classes }] : []),
  ],
  async look(params, context) {
    if (params.of === "version") return versionEvidence(params, context);
    const found = await workers(context);
    if (params.of === "nodes") return nodesEvidence(params, found);
    return params.of === "gpu" ? gpuEvidence(found) : storageEvidence(params, found, context);
  },
});
