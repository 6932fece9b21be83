import { expect, test } from "vitest";
import { podsOnNode } from "../../src/actions/nodes/pods-on-node.ts";
import type { EnvironmentContext } from "../../src/engine/playbooks/action.ts";
import type { JsonObject } from "../../src/engine/ports.ts";

type Fields = Record<string, unknown>;

function pod(
  name: string,
  { metadata = {}, ...more }: { metadata?: Fields; spec?: Fields; status?: Fields },
) {
  const owner = [{ kind: "ReplicaSet", controller: true }];
  return {
    metadata: { name, namespace: "shop", uid: name, ownerReferences: owner, ...metadata },
    ...more,
  } as unknown as JsonObject;
}

async function fatesOf(...pods: JsonObject[]) {
  async function* list() {
    yield* pods;
  }
  const context = { cluster: { objects: { list } } } as unknown as EnvironmentContext;
  const found = await podsOnNode(context, "node-1");
  return Object.fromEntries(found.map(({ name, fate }) => [name, fate]));
}

const daemon = [{ kind: "DaemonSet", controller: true }];
const cache = { volumes: [{ name: "cache", emptyDir: {} }] };

test("a drain leaves what kubectl leaves, and asks before it loses anything", async () => {
  const fates = await fatesOf(
    pod("web", {}),
    pod("agent", { metadata: { ownerReferences: daemon } }),
    pod("static", { metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } }),
    pod("alone", { metadata: { ownerReferences: [] } }),
    pod("cached", { spec: cache }),
    pod("finished", { metadata: { ownerReferences: [] }, spec: cache, status: { phase: "Succeeded" } }),
  );
  expect(fates).toEqual({
    web: { evicted: true, only: null },
    agent: { evicted: false, why: "a DaemonSet's" },
    static: { evicted: false, why: "the kubelet's own" },
    alone: { evicted: true, only: "unmanaged" },
    cached: { evicted: true, only: "emptyDir" },
    finished: { evicted: true, only: null },
  });
});
