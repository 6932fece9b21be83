import { z } from "zod";
import { UserError } from "../../domain/errors.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import { fieldManager } from "../rollout/write-template.ts";

const Node = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
  spec: z.object({ unschedulable: z.boolean().default(false) }).prefault({}),
});

export interface NodeFacts {
  name: string;
  uid: string;
  resourceVersion: string;
  cordoned: boolean;
}

export const nodeName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a node")
  .describe("the node");

function refOf(name: string) {
  return { group: "", resource: "nodes", namespace: null, name };
}

/** null: there is none of that name. */
export async function nodeOf({ cluster }: EnvironmentContext, name: string): Promise<NodeFacts | null> {
  const raw = await cluster.objects.get(refOf(name));
  if (raw === null) return null;
  const { metadata, spec } = Node.parse(raw);
  return { ...metadata, cordoned: spec.unschedulable };
}

/** Throws a UserError that names the nodes there are. */
export async function demandNode(context: EnvironmentContext, name: string): Promise<NodeFacts> {
  const found = await nodeOf(context, name);
  if (found !== null) return found;
  const names: string[] = [];
  try {
    for await (const raw of context.cluster.objects.list({ group: "", resource: "nodes", namespace: null }))
      if (names.length < 20) names.push(Node.parse(raw).metadata.name);
  } catch (error) {
    if (!isRefusal(error, "forbidden")) throw error;
  }
  throw new UserError(`There is no node ${name}.`, {
    why: `The cluster ${context.clusterName} has none of this name.`,
    next: names.length === 0 ? "`kubectl get nodes` lists them." : `Nodes are: ${names.join(", ")}.`,
  });
}

/** Sets or takes away `spec.unschedulable`; throws PatchConflict when the node changed meanwhile. */
export async function setCordon(
  { cluster }: EnvironmentContext,
  { name, uid, resourceVersion }: NodeFacts,
  cordoned: boolean,
): Promise<void> {
  await cluster.objects.patch(refOf(name), {
    type: "merge",
    body: { metadata: { uid, resourceVersion }, spec: { unschedulable: cordoned ? true : null } },
    fieldManager,
  });
}
