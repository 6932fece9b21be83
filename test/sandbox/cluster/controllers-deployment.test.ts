import { describe, expect, it } from "vitest";
import type { Condition, Pod } from "../../../sandbox/cluster/controllers/objects.ts";
import { isReady } from "../../../sandbox/cluster/controllers/pod-readiness.ts";
import { rolloutLimits, scaled } from "../../../sandbox/cluster/controllers/rolling-update.ts";
import { eventually, imageOf, revision, startWorld, stateOf, workload } from "./world.ts";
import type { World } from "./world.ts";

function condition(world: World, type: string): Condition | undefined {
  return world.deployment("web").status?.conditions?.find((one) => one.type === type);
}

function reason(world: World): string | undefined {
  return condition(world, "Progressing")?.reason;
}

/** Waits until everything runs the image and nothing else is left. */
async function rolledOut(world: World, image: string, replicas = 3): Promise<void> {
  await eventually(() => {
    const pods = world.pods();
    expect(pods.map(imageOf)).toEqual(Array.from({ length: replicas }, () => image));
    expect(pods.every(isReady)).toBe(true);
    expect(reason(world)).toBe("NewReplicaSetAvailable");
    expect(world.deployment("web").status?.observedGeneration).toBe(
      world.deployment("web").metadata.generation,
    );
  });
}

/** The most pods that the ReplicaSets were to have at any moment, and the fewest that stood and were Ready. */
function extremes(world: World): { most: number; fewest: number } {
  const seen = { most: 0, fewest: Number.POSITIVE_INFINITY };
  world.store.onEvent(() => {
    const wanted = world.replicaSets().reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0);
    const standing = world.pods().filter((pod: Pod) => !pod.metadata.deletionTimestamp && isReady(pod));
    seen.most = Math.max(seen.most, wanted);
    seen.fewest = Math.min(seen.fewest, standing.length);
  });
  return seen;
}

describe("the limits of a rolling update", () => {
  it.each([
    ["25%", 3, "up", 1],
    ["25%", 3, "down", 0],
    ["50%", 5, "up", 3],
    ["50%", 5, "down", 2],
    [2, 10, "down", 2],
  ] as const)("%s of %i rounds %s to %i", (value, of, round, expected) => {
    expect(scaled(value, of, round)).toBe(expected);
  });

  it("lets one pod be missing where surge and unavailable both round to nothing", () => {
    const world = startWorld();
    const rollingUpdate = { maxSurge: 0, maxUnavailable: "10%" };
    world.create(
      "deployments",
      "web",
      workload("web:v1", { replicas: 3, strategy: { type: "RollingUpdate", rollingUpdate } }),
    );

    expect(rolloutLimits(world.deployment("web"))).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  it.each([
    { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }, most: 4, fewest: 3 },
    { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, most: 3, fewest: 2 },
    { rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 }, most: 6, fewest: 3 },
  ])("keeps within $rollingUpdate", async ({ rollingUpdate, most, fewest }) => {
    const world = startWorld();
    world.create(
      "deployments",
      "web",
      workload("web:v1", { replicas: 3, strategy: { type: "RollingUpdate", rollingUpdate } }),
    );
    await rolledOut(world, "web:v1");

    const seen = extremes(world);
    world.image("deployments", "web", "web:v2");
    await rolledOut(world, "web:v2");

    expect(seen).toEqual({ most, fewest });
  });
});

describe("a Deployment", () => {
  it("runs no two releases at once with the Recreate strategy", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 3, strategy: { type: "Recreate" } }));
    await rolledOut(world, "web:v1");

    let mixed = false;
    world.store.onEvent(() => {
      mixed ||= new Set(world.pods().map(imageOf)).size > 1;
    });
    world.image("deployments", "web", "web:v2");
    await rolledOut(world, "web:v2");

    expect(mixed).toBe(false);
  });

  it("rolls back onto the old ReplicaSet, which becomes the newest revision and remembers the old number", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 3 }));
    await rolledOut(world, "web:v1");
    const first = world.replicaSets()[0]!;
    world.image("deployments", "web", "web:v2");
    await rolledOut(world, "web:v2");

    world.image("deployments", "web", "web:v1");
    await rolledOut(world, "web:v1");

    const sets = world.replicaSets();
    expect(sets.map(revision)).toEqual([3, 2]);
    expect(sets[0]!.metadata.uid).toBe(first.metadata.uid);
    expect(sets[0]!.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1");
    expect(revision(world.deployment("web"))).toBe(3);
  });

  it("counts changes of the template as generations, but not the revision it is given", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 1 }));
    await rolledOut(world, "web:v1", 1);

    expect(revision(world.deployment("web"))).toBe(1);
    expect(world.deployment("web").metadata.generation).toBe(1);
  });

  it("keeps the old pods when the new ones crash, and says so when the deadline has passed", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 3, progressDeadlineSeconds: 1 }));
    await rolledOut(world, "web:v1");

    world.image("deployments", "web", "web:v2-crash");
    await eventually(() => expect(reason(world)).toBe("ProgressDeadlineExceeded"));

    expect(condition(world, "Progressing")).toMatchObject({
      status: "False",
      message: expect.stringContaining("has timed out progressing"),
    });
    expect(condition(world, "Available")?.status).toBe("True");
    expect(world.pods().filter(isReady).map(imageOf)).toEqual(["web:v1", "web:v1", "web:v1"]);
    const broken = world.pods().filter((pod) => imageOf(pod) === "web:v2-crash");
    expect(broken).toHaveLength(1);

    world.image("deployments", "web", "web:v1");
    await rolledOut(world, "web:v1");
  });

  it("forgets ReplicaSets beyond revisionHistoryLimit", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 1, revisionHistoryLimit: 1 }));
    for (const image of ["web:v1", "web:v2", "web:v3"]) {
      if (image !== "web:v1") world.image("deployments", "web", image);
      await rolledOut(world, image, 1);
    }

    await eventually(() => expect(world.replicaSets().map(revision)).toEqual([3, 2]));
  });

  it("finds another name when the hash of its template is taken", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 1 }));
    await rolledOut(world, "web:v1", 1);
    const stranger = world.replicaSets()[0]!;
    world.change("replicasets", stranger.metadata.name, (set) => {
      set.metadata.ownerReferences = [];
      set.metadata.labels = { app: "somebody-else" };
    });
    world.change("deployments", "web", (object) => {
      object.metadata.annotations = { touched: "yes" };
    });

    await eventually(() => expect(world.deployment("web").status?.collisionCount).toBe(1));
    await eventually(() => expect(world.replicaSets()).toHaveLength(2));
  });

  it("does not roll while paused, but scales, and goes on when resumed", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 2 }));
    await rolledOut(world, "web:v1", 2);

    world.change("deployments", "web", ({ spec }) =>
      Object.assign(spec as object, { paused: true, replicas: 4 }),
    );
    world.image("deployments", "web", "web:v2");
    await eventually(() =>
      expect(world.pods().filter(isReady).map(imageOf)).toEqual(Array(4).fill("web:v1")),
    );
    expect(condition(world, "Progressing")).toMatchObject({ status: "Unknown", reason: "DeploymentPaused" });

    world.change("deployments", "web", ({ spec }) => Object.assign(spec as object, { paused: false }));
    await rolledOut(world, "web:v2", 4);
  });

  it("shares a scale-up between both releases in the middle of a rollout", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 4 }));
    await rolledOut(world, "web:v1", 4);
    world.image("deployments", "web", "web:v2-crash");
    await eventually(() => expect(world.replicaSets().map((set) => set.spec.replicas)).toEqual([2, 3]));

    world.change("deployments", "web", ({ spec }) => Object.assign(spec as object, { replicas: 8 }));

    await eventually(() => expect(world.replicaSets().map((set) => set.spec.replicas)).toEqual([4, 6]));
  });

  it("counts a pod as available only after minReadySeconds", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 1, minReadySeconds: 1 }));
    await eventually(() => expect(world.deployment("web").status?.readyReplicas).toBe(1));
    expect(world.deployment("web").status?.availableReplicas).toBeUndefined();

    await eventually(() => expect(world.deployment("web").status?.availableReplicas).toBe(1));
  });

  it("takes its ReplicaSets and pods with it, unless they are orphaned", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 2 }));
    await rolledOut(world, "web:v1", 2);
    const by = { manager: "test", now: new Date() };

    world.store.delete("deployments", "shop", "web", { ...by, propagationPolicy: "Orphan" });
    expect(world.replicaSets()[0]?.metadata.ownerReferences).toEqual([]);
    world.create("deployments", "web", workload("web:v1", { replicas: 2 }));
    await eventually(() => expect(world.replicaSets()[0]?.metadata.ownerReferences?.[0]?.name).toBe("web"));
    expect(world.pods()).toHaveLength(2);

    world.store.delete("deployments", "shop", "web", by);
    await eventually(() => expect([...world.replicaSets(), ...world.pods()]).toEqual([]));
  });

  it("replaces a pod that was taken out of service by its label", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 1 }));
    await rolledOut(world, "web:v1", 1);
    const { name } = world.pods()[0]!.metadata;

    world.change("pods", name, (pod) => {
      pod.metadata.labels = { app: "quarantine" };
    });

    await eventually(() => expect(world.pods().map(stateOf)).toEqual(["running", "running"]));
    expect(world.store.get("pods", "shop", name)?.metadata.ownerReferences).toEqual([]);
  });

  it("says what it scaled, as kubectl describe shows it", async () => {
    const world = startWorld();
    world.create("deployments", "web", workload("web:v1", { replicas: 2 }));
    await rolledOut(world, "web:v1", 2);
    const { name } = world.replicaSets()[0]!.metadata;

    expect(world.events("web")).toContain(`ScalingReplicaSet: Scaled up replica set ${name} from 0 to 2`);
  });
});
