import { expect, it, vi } from "vitest";
import { cluster as seed } from "../../../sandbox/seed.ts";
import { startMetrics } from "./setup.ts";

const range = { timeout: 10_000 };

it("shows the runbook's targets as met while all is well, from the first moment", async () => {
  const { errorRate, p95, value } = await startMetrics();

  expect(errorRate()).toBeGreaterThan(0);
  expect(errorRate()).toBeLessThan(0.01);
  expect(p95()).toBeLessThan(0.2);
  expect(value('sum(rate(http_requests_total{app="api"}[10s]))')).toBeGreaterThan(100);
  expect(value('container_memory_working_set_bytes{app="api"}')).toBeGreaterThan(0);
  expect(value('rate(container_cpu_usage_seconds_total{app="api"}[10s])')).toBeGreaterThan(0);
});

it("raises the error rate with a release that answers errors, and nothing else", async () => {
  const { metrics, ship, pass, errorRate, p95 } = await startMetrics();

  await ship("v1.2.0-errors");
  await vi.waitFor(async () => {
    await metrics.tick();
    expect(metrics.health("api")).toMatchObject({ tag: "v1.2.0-errors", ready: 3, errors: 1 });
  }, range);
  await pass(11);

  expect(errorRate()).toBeGreaterThan(0.1);
  expect(p95()).toBeLessThan(0.2);
});

it("raises the latency with a slow release, and falls back when it is gone", async () => {
  const { metrics, ship, pass, errorRate, p95 } = await startMetrics();
  const rolledOut = (slow: number) =>
    vi.waitFor(async () => {
      await metrics.tick();
      expect(metrics.health("api")).toMatchObject({ ready: 3, slow });
    }, range);

  await ship("v1.2.0-slow");
  await rolledOut(1);
  await pass(11);
  const during = p95();
  await ship("v1.1.9");
  await rolledOut(0);
  await pass(11);

  expect(during).toBeGreaterThan(0.7);
  expect(errorRate()).toBeLessThan(0.01);
  expect(p95()).toBeLessThan(0.2);
});

it("goes on as before while a crashing release leaves the old pods standing", async () => {
  const { metrics, ship, pass, errorRate, cluster } = await startMetrics();

  await ship("v1.2.0-crash");
  await vi.waitFor(() => {
    const pods = cluster.store.list("pods", seed.namespace).map((pod) => JSON.stringify(pod));
    expect(pods.some((pod) => pod.includes("v1.2.0-crash"))).toBe(true);
  }, range);
  await pass(11);

  expect(metrics.health("api")).toMatchObject({ tag: "v1.2.0-crash", errors: 0 });
  expect(metrics.health("api")!.ready).toBeGreaterThan(0);
  expect(errorRate()).toBeLessThan(0.01);
});

it("fails every request of an app without a ready pod, and counts none of one that is scaled to zero", async () => {
  const { metrics, pass, errorRate, cluster, url } = await startMetrics();
  const scale = (replicas: number) => {
    const deployment = cluster.store.get("deployments", seed.namespace, "api-deployment")!;
    cluster.store.update(
      "deployments",
      { ...deployment, spec: { ...(deployment["spec"] as object), replicas } },
      { manager: "test", now: new Date() },
    );
  };

  scale(0);
  await vi.waitFor(async () => {
    await metrics.tick();
    expect(metrics.health("api")).toMatchObject({ desired: 0, ready: 0 });
  }, range);
  await pass(12);
  const scaledToZero = errorRate();
  for (const node of cluster.store.list("nodes")) {
    cluster.store.update(
      "nodes",
      { ...node, spec: { ...(node["spec"] as object), unschedulable: true } },
      { manager: "test", now: new Date() },
    );
  }
  scale(3);
  await pass(12);

  expect(scaledToZero).toBeNaN();
  expect(metrics.health("api")).toMatchObject({ desired: 3, ready: 0 });
  expect(errorRate()).toBeGreaterThan(0.99);
  expect((await fetch(`${url}/apps/api/ready`)).status).toBe(503);
});

it("keeps counting by the last known health while the API server is down", async () => {
  const { metrics, pass, cluster, value } = await startMetrics();
  cluster.cluster.faults.set({ down: true });

  await pass(20);

  expect(metrics.unreachable()).toBeTruthy();
  expect(value('sum(rate(http_requests_total{app="api"}[10s]))')).toBeGreaterThan(100);
});

it("answers /health and /ready of an app by its pods as they are now", async () => {
  const { ship, url, metrics } = await startMetrics();
  const ask = async (path: string) => (await fetch(`${url}/apps/${path}`)).status;

  const before = [await ask("api/health"), await ask("api/ready")];
  await ship("v1.2.0-errors");
  await vi.waitFor(async () => {
    expect([await ask("api/health"), await ask("api/ready")]).toEqual([503, 200]);
    expect(metrics.health("api")!.errors).toBe(1);
  }, range);

  expect(before).toEqual([200, 200]);
  expect([await ask("postgres/health"), await ask("nobody/health"), await ask("api/metrics")]).toEqual([
    404, 404, 404,
  ]);
});

it("shows how a slow release is held back by its CPU limit, and how a leaking one fills its memory", async () => {
  const { metrics, ship, pass, value } = await startMetrics();
  const throttled = () =>
    value(
      'rate(container_cpu_cfs_throttled_periods_total{app="api"}[10s]) / rate(container_cpu_cfs_periods_total{app="api"}[10s])',
    );
  expect(throttled()).toBeLessThan(0.05);
  const memory = value('container_memory_working_set_bytes{app="api"}');

  await ship("v1.2.0-slow");
  await vi.waitFor(async () => {
    await metrics.tick();
    expect(metrics.health("api")).toMatchObject({ slow: 1 });
  }, range);
  await pass(11);
  expect(throttled()).toBeGreaterThan(0.4);

  await ship("v1.3.0-oom");
  await vi.waitFor(async () => {
    await metrics.tick();
    expect(metrics.health("api")!.restarts).toBeGreaterThan(0);
  }, range);
  await vi.waitFor(async () => {
    await pass(1);
    expect(value('container_memory_working_set_bytes{app="api"}')).toBeGreaterThan(3 * memory!);
  }, range);
});

it("knows the model, the machines and the business under the names of the monitoring rules", async () => {
  const { value, pass } = await startMetrics();
  await pass(11);

  expect(value('model_accuracy{app="api"}')).toBeGreaterThan(0.85);
  expect(value("max(bias_metric_violation)")).toBe(0);
  expect(value("sum(carbon_emissions_kg_per_hour)")).toBeLessThan(5);
  expect(value("max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)")).toBeLessThan(0.9);
  const limit = 'sum(kube_pod_container_resource_limits{app="api",resource="memory"})';
  expect(value(`sum(container_memory_working_set_bytes{app="api"}) / ${limit}`)).toBeLessThan(0.85);
  const approved = 'sum(rate(credit_decisions_total{decision="approved"}[10s]))';
  expect(value(`${approved} / sum(rate(credit_decisions_total[10s]))`)).toBeCloseTo(0.63, 1);
});
