import { describe, expect, it } from "vitest";
import { isReady } from "../../../sandbox/cluster/controllers/pod-readiness.ts";
import { eventually, imageOf, startWorld, stateOf, workload } from "./world.ts";
import type { World } from "./world.ts";

async function running(world: World, images: string[]): Promise<void> {
  await eventually(() => {
    expect(world.pods().map(imageOf)).toEqual(images);
    expect(world.pods().every(isReady)).toBe(true);
  });
}

describe("a StatefulSet", () => {
  it("starts its pods one after another, and updates them from the last", async () => {
    const world = startWorld();
    const order: string[] = [];
    world.store.onEvent((plural, { type, object }) => {
      if (plural === "pods" && type !== "MODIFIED") order.push(`${type} ${object.metadata.name}`);
    });
    world.create("statefulsets", "web", workload("web:v1", { replicas: 2, serviceName: "web" }));
    await running(world, ["web:v1", "web:v1"]);
    world.image("statefulsets", "web", "web:v2");
    await running(world, ["web:v2", "web:v2"]);

    expect(order).toEqual([
      "ADDED web-0",
      "ADDED web-1",
      "DELETED web-1",
      "ADDED web-1",
      "DELETED web-0",
      "ADDED web-0",
    ]);
    const { status } = world.statefulSet("web");
    await eventually(() =>
      expect(world.statefulSet("web").status?.currentRevision).toBe(status?.updateRevision),
    );
  });

  it("stays stuck on a broken pod after a rollback, until somebody deletes that pod (kubernetes#67250)", async () => {
    const world = startWorld();
    world.create("statefulsets", "web", workload("web:v1", { replicas: 2 }));
    await running(world, ["web:v1", "web:v1"]);
    world.image("statefulsets", "web", "web:v2-crash");
    await eventually(() => expect(stateOf(world.pods()[1])).toBe("CrashLoopBackOff"));
    const broken = world.pods()[1]!.metadata.uid;

    world.image("statefulsets", "web", "web:v1");
    await eventually(() => expect(world.statefulSet("web").status?.observedGeneration).toBe(3));
    expect(world.pods()[1]!.metadata).toMatchObject({ uid: broken });
    expect(world.pods()[1]!.metadata.deletionTimestamp).toBeUndefined();

    world.store.delete("pods", "shop", "web-1", { manager: "test", now: new Date() });
    await running(world, ["web:v1", "web:v1"]);
  });

  it("updates only pods from the partition on", async () => {
    const world = startWorld();
    const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 1 } };
    world.create("statefulsets", "web", workload("web:v1", { replicas: 2, updateStrategy }));
    await running(world, ["web:v1", "web:v1"]);

    world.image("statefulsets", "web", "web:v2");
    await running(world, ["web:v1", "web:v2"]);
    const { uid } = world.pods()[0]!.metadata;
    world.store.delete("pods", "shop", "web-0", { manager: "test", now: new Date() });
    await eventually(() => expect(world.pods()[0]?.metadata.uid).not.toBe(uid));

    await running(world, ["web:v1", "web:v2"]);
  });

  it("leaves pods alone with OnDelete", async () => {
    const world = startWorld();
    world.create(
      "statefulsets",
      "web",
      workload("web:v1", { replicas: 2, updateStrategy: { type: "OnDelete" } }),
    );
    await running(world, ["web:v1", "web:v1"]);
    world.image("statefulsets", "web", "web:v2");
    await eventually(() => expect(world.statefulSet("web").status?.observedGeneration).toBe(2));

    world.store.delete("pods", "shop", "web-0", { manager: "test", now: new Date() });
    await running(world, ["web:v2", "web:v1"]);
  });

  it("starts and stops all at once with Parallel", async () => {
    const world = startWorld({ podStart: 100 });
    world.create("statefulsets", "web", workload("web:v1", { replicas: 3, podManagementPolicy: "Parallel" }));

    await eventually(() => expect(world.pods()).toHaveLength(3));
    expect(world.pods().some(isReady)).toBe(false);
    await running(world, ["web:v1", "web:v1", "web:v1"]);
    world.change("statefulsets", "web", ({ spec }) => Object.assign(spec as object, { replicas: 1 }));
    await running(world, ["web:v1"]);
  });

  it("keeps its templates as Kubernetes does, and renumbers the one it goes back to", async () => {
    const world = startWorld();
    world.create("statefulsets", "web", workload("web:v1", { replicas: 1 }));
    await running(world, ["web:v1"]);
    world.image("statefulsets", "web", "web:v2");
    await running(world, ["web:v2"]);
    world.image("statefulsets", "web", "web:v1");
    await running(world, ["web:v1"]);

    const revisions = world.store.list("controllerrevisions", "shop");
    expect(new Set(revisions.map((one) => one["revision"]))).toEqual(new Set([2, 3]));
    const newest = revisions.find((one) => one["revision"] === 3);
    expect(newest?.["data"]).toMatchObject({
      spec: {
        template: { $patch: "replace", metadata: { creationTimestamp: null, labels: { app: "web" } } },
      },
    });
    // kubectl compares these bytes with what Go would write: keys in order.
    expect(JSON.stringify(newest?.["data"])).toMatch(
      /^\{"spec":\{"template":\{"\$patch":"replace","metadata":\{"creationTimestamp":null,"labels"/,
    );
  });
});

describe("a DaemonSet", () => {
  it("runs one pod on each node and replaces as many at once as may be unavailable", async () => {
    const world = startWorld();
    world.create("daemonsets", "web", workload("web:v1"));
    await running(world, ["web:v1", "web:v1", "web:v1"]);
    expect(new Set(world.pods().map((pod) => pod.spec.nodeName)).size).toBe(3);

    let fewest = 3;
    world.store.onEvent(() => {
      fewest = Math.min(
        fewest,
        world.pods().filter((pod) => isReady(pod) && !pod.metadata.deletionTimestamp).length,
      );
    });
    world.image("daemonsets", "web", "web:v2");
    await running(world, ["web:v2", "web:v2", "web:v2"]);

    expect(fewest).toBe(2);
    await eventually(() =>
      expect(world.daemonSet("web").status).toMatchObject({ numberAvailable: 3, updatedNumberScheduled: 3 }),
    );
  });

  it("follows nodes as they come and go", async () => {
    const world = startWorld();
    world.create("daemonsets", "web", workload("web:v1"));
    await running(world, ["web:v1", "web:v1", "web:v1"]);
    const by = { manager: "test", now: new Date() };
    const node = world.store.list("nodes")[0]!;

    const { name: _name, uid: _uid, ...metadata } = node.metadata;
    world.store.create("nodes", { ...node, metadata: { ...metadata, name: "practice-node-4" } }, by);
    await running(world, ["web:v1", "web:v1", "web:v1", "web:v1"]);
    world.store.delete("nodes", undefined, "practice-node-4", by);
    await running(world, ["web:v1", "web:v1", "web:v1"]);

    expect(world.pods().map((pod) => pod.spec.nodeName)).not.toContain("practice-node-4");
  });

  it("does not wait for a broken pod when it is rolled back", async () => {
    const world = startWorld();
    world.create("daemonsets", "web", workload("web:v1"));
    await running(world, ["web:v1", "web:v1", "web:v1"]);
    world.image("daemonsets", "web", "web:v2-crash");
    await eventually(() => expect(world.pods().map(stateOf)).toContain("CrashLoopBackOff"));

    world.image("daemonsets", "web", "web:v1");

    await running(world, ["web:v1", "web:v1", "web:v1"]);
  });
});
