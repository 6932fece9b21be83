import { describe, expect, it } from "vitest";
import type { Pod } from "../../../sandbox/cluster/controllers/objects.ts";
import { restartsOf } from "../../../sandbox/cluster/controllers/pod-readiness.ts";
import { createLogs } from "../../../sandbox/cluster/kubelet/logs.ts";
import { eventually, startWorld, stateOf, workload } from "./world.ts";
import type { World } from "./world.ts";

function create(world: World, image: string, container: Record<string, unknown> = {}): void {
  world.create("deployments", "web", workload(image, { replicas: 1 }, container));
}

describe("a kubelet", () => {
  it("restarts a crashing container again and again, later and later", async () => {
    const world = startWorld();
    create(world, "web:v1-crash");
    const seen: number[] = [];
    world.store.onEvent((plural, { object }) => {
      const restarts = plural === "pods" ? restartsOf(object as never) : 0;
      if (restarts > 0 && seen.length < restarts) seen.push(performance.now());
    });

    await eventually(() => expect(restartsOf(world.pods()[0]!)).toBeGreaterThanOrEqual(4));

    expect(stateOf(world.pods()[0])).toBe("CrashLoopBackOff");
    expect(world.pods()[0]!.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      lastState: { terminated: { exitCode: 1, reason: "Error" } },
    });
    expect(seen[3]! - seen[2]!).toBeGreaterThan(seen[2]! - seen[1]!);
    expect(world.events("web-").join("\n")).toMatch(
      /BackOff: Back-off restarting failed container main in pod web-/,
    );
  });

  it("cannot pull an image that is not there", async () => {
    const world = startWorld();
    create(world, "web:v1-nopull");

    await eventually(() => expect(stateOf(world.pods()[0])).toBe("ErrImagePull"));
    await eventually(() => expect(stateOf(world.pods()[0])).toBe("ImagePullBackOff"));
    expect(world.pods()[0]!.status?.phase).toBe("Pending");
  });

  it.each(["web:v2-errors", "web:v2-slow"])("runs %s, whatever it serves", async (image) => {
    const world = startWorld();
    create(world, image);

    await eventually(() => expect(world.deployment("web").status?.availableReplicas).toBe(1));
  });

  it("waits for a ConfigMap that the environment needs", async () => {
    const world = startWorld();
    create(world, "web:v1", { envFrom: [{ configMapRef: { name: "settings" } }] });
    await eventually(() => expect(stateOf(world.pods()[0])).toBe("CreateContainerConfigError"));
    expect(world.events("web-")).toContain('Failed: Error: configmap "settings" not found');

    world.create("configmaps", "settings", {}, { data: { level: "info" } });

    await eventually(() => expect(stateOf(world.pods()[0])).toBe("running"));
  });

  it("names the key that a Secret lacks", async () => {
    const world = startWorld();
    world.create("secrets", "key", {}, { data: { other: "eA==" } });
    create(world, "web:v1", {
      env: [{ name: "TOKEN", valueFrom: { secretKeyRef: { name: "key", key: "token" } } }],
    });

    await eventually(() => expect(stateOf(world.pods()[0])).toBe("CreateContainerConfigError"));
    expect(world.events("web-")).toContain("Failed: Error: couldn't find key token in Secret shop/key");
  });

  it("creates no container while a Secret that is to be mounted is missing", async () => {
    const world = startWorld();
    const spec = workload("web:v1", { replicas: 1 }) as { template: { spec: Record<string, unknown> } };
    spec.template.spec["volumes"] = [{ name: "key", secret: { secretName: "key" } }];
    world.create("deployments", "web", spec);

    await eventually(() =>
      expect(world.events("web-")).toContain(
        'FailedMount: MountVolume.SetUp failed for volume "key" : secret "key" not found',
      ),
    );
    expect(stateOf(world.pods()[0])).toBe("ContainerCreating");
  });

  it("kills a container that fills its memory, restarts it, and keeps saying so", async () => {
    const world = startWorld();
    const seen: string[] = [];
    world.store.onEvent((plural, { object }) => {
      const [status] = plural === "pods" ? ((object as Pod).status?.containerStatuses ?? []) : [];
      if (!status) return;
      const { reason } = status.lastState["terminated"] ?? {};
      const last = typeof reason === "string" ? reason : "never ended";
      seen.push(
        `${stateOf(object as Pod)} ${status.ready ? "ready" : "unready"} ${status.restartCount} ${last}`,
      );
    });

    create(world, "web:v2-oom");

    await eventually(() => expect(seen).toContain("running ready 2 OOMKilled"));
    expect([...new Set(seen)].slice(-6)).toEqual([
      "running unready 0 never ended",
      "running ready 0 never ended",
      "OOMKilled unready 0 never ended",
      "running ready 1 OOMKilled",
      "CrashLoopBackOff unready 1 OOMKilled",
      "running ready 2 OOMKilled",
    ]);
    expect(world.pods()[0]?.status?.containerStatuses?.[0]?.lastState["terminated"]).toMatchObject({
      exitCode: 137,
    });
  });

  it("leaves a pod pending that no node has room for, and says why", async () => {
    const world = startWorld();
    create(world, "web:v1", { resources: { requests: { cpu: "17" } } });

    await eventually(() =>
      expect(world.events("web-")).toContain(
        "FailedScheduling: 0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
      ),
    );
    expect(world.pods()[0]!.spec.nodeName).toBeUndefined();
  });

  it("does nothing more once it is closed", async () => {
    const world = startWorld();
    create(world, "web:v1-crash");
    await eventually(() => expect(restartsOf(world.pods()[0]!)).toBeGreaterThan(0));

    world.close();
    const version = world.store.resourceVersion;
    // Another cluster has gone on crashing meanwhile.
    const other = startWorld();
    create(other, "web:v1-crash");
    await eventually(() => expect(restartsOf(other.pods()[0]!)).toBeGreaterThan(2));

    expect(world.store.resourceVersion).toBe(version);
  });
});

describe("the pods behind a Service", () => {
  it("are those that are ready", async () => {
    const world = startWorld();
    world.create("services", "web", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] });
    create(world, "web:v1");
    await eventually(() =>
      expect(world.store.get("endpoints", "shop", "web")?.["subsets"]).toMatchObject([{ addresses: [{}] }]),
    );

    world.image("deployments", "web", "web:v2-crash");
    await eventually(() =>
      expect(world.store.get("endpoints", "shop", "web")?.["subsets"]).toMatchObject([
        { addresses: [{}], notReadyAddresses: [{}], ports: [{ port: 8080, protocol: "TCP" }] },
      ]),
    );
  });
});

describe("logs", () => {
  async function lines(world: World, options: object): Promise<string[]> {
    const logs = createLogs(world.store, () => new Date());
    const base = {
      container: "main",
      follow: false,
      previous: false,
      timestamps: false,
      signal: AbortSignal.timeout(5000),
    };
    const result: string[] = [];
    for await (const line of logs(world.pods()[0]!, { ...base, ...options })) result.push(line);
    return result;
  }

  it("tell of a crash also after the container has been restarted", async () => {
    const world = startWorld();
    create(world, "credit-risk-ai:v1-crash");
    await eventually(() => expect(restartsOf(world.pods()[0]!)).toBeGreaterThan(0));

    expect((await lines(world, { previous: true })).at(-1)).toMatch(/"level":"fatal".*exiting with code 1/);
  });

  it("can be followed, until nobody listens", async () => {
    const world = startWorld();
    create(world, "web:v1");
    await eventually(() => expect(stateOf(world.pods()[0])).toBe("running"));

    const followed = await lines(world, { follow: true, timestamps: true, signal: AbortSignal.timeout(700) });

    expect(followed).toEqual([
      expect.stringMatching(/Z starting web:v1$/),
      expect.stringMatching(/Z ready$/),
    ]);
  });
});
