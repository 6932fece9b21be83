import { expect } from "vitest";
import { type Target, workloadKinds, type WorkloadKind } from "../../../src/domain/app.ts";
import type { JsonObject, Workload } from "../../../src/engine/ports.ts";
import { namespace, type World } from "./world.ts";

export const good = "registry.example.com/app:v1";
export const better = "registry.example.com/app:v2";
export const best = "registry.example.com/app:v3";
/** Never gets ready. */
export const crash = "registry.example.com/app:v4-crash";
export const nopull = "registry.example.com/app:v5-nopull";

type Fields = Record<string, unknown>;

export function target(name: string, kind: WorkloadKind = "deployment"): Target {
  return { cluster: "world", namespace, kind, name };
}

export function pathOf({ kind, name }: Target, subresource = ""): string {
  return `${collection(kind)}/${name}${subresource}`;
}

function collection(kind: WorkloadKind): string {
  return `/apis/apps/v1/namespaces/${namespace}/${workloadKinds[kind].plural}`;
}

/** One container, with room for what a case is about. */
export function template(app: string, image: string, container: Fields = {}, pod: Fields = {}): JsonObject {
  const containers = [{ name: "app", image, ...container }];
  return {
    metadata: { labels: { app } },
    spec: { containers, terminationGracePeriodSeconds: 1, ...pod },
  };
}

export interface Made {
  spec?: Fields;
  metadata?: Fields;
  template?: JsonObject;
}

/** Without replicas unless a case wants pods: revisions come about all the same, and much faster. */
export async function make(world: World, target: Target, image: string, more: Made = {}): Promise<Workload> {
  const { kind, name } = target;
  const replicas = kind === "daemonset" ? {} : { replicas: 0 };
  await world.admin.create(collection(kind), {
    apiVersion: "apps/v1",
    kind: workloadKinds[kind].kind,
    metadata: { name, namespace, ...more.metadata },
    spec: {
      selector: { matchLabels: { app: name } },
      ...(kind === "statefulset" ? { serviceName: name } : {}),
      ...replicas,
      template: more.template ?? template(name, image),
      ...more.spec,
    },
  });
  return observed(world, target);
}

/** The controller has taken note of the latest change: its revision is recorded. */
export async function observed(world: World, target: Target): Promise<Workload> {
  return eventually(async () => {
    const workload = await world.look.workload(target);
    const { observedGeneration = 0 } = (workload.raw["status"] ?? {}) as { observedGeneration?: number };
    if (observedGeneration < workload.generation) return undefined;
    const revisions = await world.look.revisions(workload);
    return revisions.some((revision) => revision.current) ? workload : undefined;
  });
}

/** A new release: the template with these fields of its one container. */
export async function release(
  world: World,
  target: Target,
  container: Fields,
  pod: Fields = {},
): Promise<Workload> {
  await world.admin.patch(
    pathOf(target),
    { spec: { template: { spec: { containers: [{ name: "app", ...container }], ...pod } } } },
    "strategic",
  );
  return observed(world, target);
}

/** Sets annotations (null takes one away). A Deployment's controller copies them to its ReplicaSet, a little later. */
export async function annotate(
  world: World,
  target: Target,
  annotations: Record<string, string | null>,
): Promise<Workload> {
  await world.admin.patch(pathOf(target), { metadata: { annotations } });
  if (target.kind === "deployment") {
    const set = Object.entries(annotations).filter(([, value]) => value !== null);
    await until(async () => {
      const revisions = await world.look.revisions(await world.look.workload(target));
      const copied = revisions.find(({ current }) => current)?.annotations ?? {};
      return set.every(([key, value]) => copied[key] === value || key === lastApplied);
    });
  }
  return observed(world, target);
}

/** Of the kept annotations the one that people write; it is never copied. */
export const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

export async function rolledOut(world: World, target: Target): Promise<Workload> {
  return eventually(async () => {
    const workload = await world.look.workload(target);
    return (await world.look.rolloutStatus(workload)).state === "done" ? workload : undefined;
  });
}

/** The first value that is not undefined; what throws is tried again. */
async function eventually<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  let found: Value | undefined;
  await expect
    .poll(
      async () => {
        found = await look();
        return found !== undefined;
      },
      { timeout: 30_000, interval: 20 },
    )
    .toBe(true);
  return found!;
}

export async function until(look: () => Promise<boolean>): Promise<void> {
  await eventually(async () => ((await look()) ? true : undefined));
}

export async function numbers(world: World, target: Target): Promise<number[]> {
  const revisions = await world.look.revisions(await world.look.workload(target));
  return revisions.map(({ number }) => number);
}
