import { onTestFinished } from "vitest";
import { createApps } from "../../../sandbox/apps/apps.ts";
import { practiceApps } from "../../../sandbox/apps/practice-apps.ts";
import { kubeReader } from "../../../sandbox/metrics/kube-reader.ts";
import { createMetrics } from "../../../sandbox/metrics/metrics.ts";
import { listen } from "../../../sandbox/one-port.ts";
import { cluster as seed } from "../../../sandbox/seed.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";

const requests = (more = "") => `sum(rate(http_requests_total{app="api"${more}}[10s]))`;

const buckets = 'sum by (le) (rate(http_request_duration_seconds_bucket{app="api"}[10s]))';

/** Metrics of a practice cluster, read over its HTTP API at moments that the test chooses. */
export async function startMetrics() {
  const cluster = await startPracticeCluster();
  const web = await listen(0);
  let now = Date.now();
  const metrics = createMetrics({
    read: kubeReader({ server: cluster.url }),
    apps: practiceApps,
    clock: () => now,
    interval: null,
  });
  web.mount("/prom", metrics);
  web.mount(
    "/apps",
    createApps(practiceApps, metrics, () => ({ model: "any", version: 1, metrics: {} })),
  );
  onTestFinished(async () => {
    await web.close();
    await cluster.close();
  });
  await metrics.tick();

  /** One reading a second. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      await metrics.tick();
    }
  }

  /** Changes the image tag of the API's Deployment, as a release does. */
  async function ship(tag: string): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${seed.namespace}/deployments/api-deployment`;
    await kubeReader({ server: cluster.url })(path, {
      method: "PATCH",
      headers: { "content-type": "application/strategic-merge-patch+json" },
      body: {
        spec: { template: { spec: { containers: [{ name: "api", image: `${seed.image}:${tag}` }] } } },
      },
    });
  }

  const value = (promql: string): number | undefined => metrics.query(promql)[0]?.value;
  return {
    url: web.origin,
    cluster,
    metrics,
    now: () => now,
    pass,
    ship,
    value,
    errorRate: () => value(`${requests(',code=~"5.."')} / ${requests()}`),
    p95: () => value(`histogram_quantile(0.95, ${buckets})`),
  };
}
