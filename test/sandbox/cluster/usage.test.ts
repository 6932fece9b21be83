import { describe, expect, it, onTestFinished } from "vitest";
import type { Autoscaler } from "../../../sandbox/cluster/controllers/autoscaler/objects.ts";
import type { Deployment } from "../../../sandbox/cluster/controllers/objects.ts";
import { setMetricsApi } from "../../../sandbox/cluster/usage/availability.ts";
import { usageAnnotations } from "../../../sandbox/cluster/usage/usage.ts";
import { kubectl } from "../../contract/kubectl/run.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import { program } from "../../support/program.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { eventually, startWorld, workload } from "./world.ts";
import type { World } from "./world.ts";

const metrics = "/apis/metrics.k8s.io/v1beta1";

async function startCluster() {
  const cluster = await startPracticeCluster();
  onTestFinished(() => cluster.close());
  const get = async (path: string) => {
    const answer = await fetch(`${cluster.url}${path}`);
    return { code: answer.status, text: await answer.text() };
  };
  const read = async (path: string) => JSON.parse((await get(path)).text) as Record<string, never>;
  return { ...cluster, get, read };
}

describe("the metrics API", () => {
  it("says what each container of the namespace uses, by label", async () => {
    const { read } = await startCluster();
    const list = await read(`${metrics}/namespaces/credit-risk-ai/pods?labelSelector=app%3Dapi`);
    expect(list).toMatchObject({ kind: "PodMetricsList", apiVersion: "metrics.k8s.io/v1beta1" });
    expect(list["items"]).toHaveLength(3);
    expect(list["items"]?.[0]).toMatchObject({
      kind: "PodMetrics",
      containers: [
        {
          name: "api",
          usage: { cpu: expect.stringMatching(/^3\d{8}n$/), memory: expect.stringMatching(/^\d{6}Ki$/) },
        },
      ],
    });
  });

  it("says what each node uses, and nothing of a pod that is not there", async () => {
    const { read } = await startCluster();
    const list = await read(`${metrics}/nodes`);
    expect(list["kind"]).toBe("NodeMetricsList");
    expect(list["items"]).not.toHaveLength(0);
    expect(await read(`${metrics}/namespaces/credit-risk-ai/pods/nobody`)).toMatchObject({
      code: 404,
      message: 'podmetrics.metrics.k8s.io "credit-risk-ai/nobody" not found',
    });
  });

  it("answers 503 while it is unavailable, and is named as stale", async () => {
    const { get, read, store } = await startCluster();
    setMetricsApi(store, "unavailable", new Date());
    expect(await get(`${metrics}/nodes`)).toEqual({ code: 503, text: "service unavailable\n" });
    expect(await get(metrics)).toEqual({ code: 503, text: "service unavailable\n" });
    expect(await read("/apis/metrics.k8s.io")).toMatchObject({ kind: "APIGroup", name: "metrics.k8s.io" });
  });

  it("is not served where nobody installed it", async () => {
    const { get, store } = await startCluster();
    setMetricsApi(store, "absent", new Date());
    expect((await get(`${metrics}/nodes`)).code).toBe(404);
    expect((await get("/apis")).text).not.toContain("metrics.k8s.io");
  });
});

describe.runIf(program("kubectl"))("kubectl top", () => {
  async function startTop() {
    const { url, store } = await startCluster();
    const folder = temporaryFolder();
    const target = {
      flags: ["--server", url, "--cache-dir", `${folder}/cache`],
      env: { KUBECONFIG: `${folder}/none`, HOME: folder },
    };
    const top = (...args: string[]) => kubectl(target, ["top", ...args]);
    return { top, store };
  }

  it("shows pods and nodes, the hungriest first", async () => {
    const { top } = await startTop();
    const pods = await top("pods", "-n", "credit-risk-ai", "--sort-by=memory");
    const rows = pods.stdout.trim().split("\n").slice(1);
    expect(rows[0]).toMatch(/^postgres-deployment-\S+ +\d+m +\d+Mi\s*$/);
    const nodes = await top("nodes", "--sort-by=cpu");
    expect(nodes.stdout).toMatch(/^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\)/);
    expect(nodes.stdout).toMatch(/practice-node-1 +\d+m +\d+% +\d+Mi +\d+%/);
  });

  it.each(["unavailable", "absent"] as const)("says so when the metrics API is %s", async (state) => {
    const { top, store } = await startTop();
    setMetricsApi(store, state, new Date());
    const { stderr, exitCode } = await top("pods", "-n", "credit-risk-ai");
    expect(stderr).toBe("error: Metrics API not available\n");
    expect(exitCode).toBe(1);
  });
});

describe("the horizontal pod autoscaler", () => {
  function startScaled(usedCpu: string, bounds: object): World {
    const world = startWorld();
    setMetricsApi(world.store, "serving", new Date());
    const container = { resources: { requests: { cpu: "500m" } } };
    const spec = workload("web:v1", { replicas: 2 }, container);
    const template = spec["template"] as Deployment["spec"]["template"];
    template.metadata!.annotations = { [usageAnnotations.cpu]: usedCpu };
    world.create("deployments", "web", spec);
    const metric = {
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
    };
    world.create("horizontalpodautoscalers", "web", {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      metrics: [metric],
      ...bounds,
    });
    return world;
  }
  const autoscaler = (world: World) =>
    world.store.get("horizontalpodautoscalers", "shop", "web") as Autoscaler;
  const said = (world: World, type: string) =>
    autoscaler(world).status?.conditions?.find((condition) => condition.type === type);

  it("adds pods until they use what they should, and says why", async () => {
    const world = startScaled("600m", { minReplicas: 1, maxReplicas: 9 });
    await eventually(() => expect(world.deployment("web").spec.replicas).toBeGreaterThanOrEqual(3));
    expect(world.events("web").join()).toMatch(
      /SuccessfulRescale: New size: 3; reason: cpu resource utilization \(percentage of request\) above target/,
    );
    await eventually(() =>
      expect(autoscaler(world).status?.currentMetrics).toEqual([
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 120, averageValue: "600m" } },
        },
      ]),
    );
    expect(said(world, "ScalingActive")).toMatchObject({ status: "True", reason: "ValidMetricFound" });
  });

  it("stops at the most pods it may have", async () => {
    const world = startScaled("2", { minReplicas: 1, maxReplicas: 4 });
    await eventually(() => expect(world.deployment("web").spec.replicas).toBe(4));
    await eventually(() =>
      expect(said(world, "ScalingLimited")).toMatchObject({ status: "True", reason: "TooManyReplicas" }),
    );
  });

  it("removes pods down to its least once nobody wanted more for its window", async () => {
    const world = startScaled("10m", {
      minReplicas: 1,
      maxReplicas: 4,
      behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
    });
    await eventually(() => expect(world.deployment("web").spec.replicas).toBe(1));
  });

  it("leaves the pods alone while the metrics API does not answer, and says so", async () => {
    const world = startScaled("2", { minReplicas: 1, maxReplicas: 4 });
    setMetricsApi(world.store, "unavailable", new Date());
    await eventually(() =>
      expect(said(world, "ScalingActive")).toMatchObject({
        status: "False",
        reason: "FailedGetResourceMetric",
        message:
          "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)",
      }),
    );
    expect(world.deployment("web").spec.replicas).toBe(2);
  });
});
