import { practiceApps } from "../apps/practice-apps.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { cluster } from "../seed.ts";
import type { AppMetrics, Reading } from "./panel-api.ts";

const kept = 120;

/** The panel's figures, asked by the same PromQL as everybody's and remembered for its sparklines. */
export function createReadings(metrics: Pick<Metrics, "query" | "onTick">, rate: string) {
  const apps = new Map<string, AppMetrics>();

  function value(promql: string): number | null {
    const found = metrics.query(promql)[0]?.value;
    return found === undefined || Number.isNaN(found) ? null : found;
  }

  function read(app: string): Reading {
    const labels = `namespace="${cluster.namespace}",app="${app}"`;
    const requests = (more = "") => `sum(rate(http_requests_total{${labels}${more}}[${rate}]))`;
    const p95 = value(
      `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{${labels}}[${rate}])))`,
    );
    return {
      errorRate: value(`${requests(',code=~"5.."')} / ${requests()}`),
      p95Ms: p95 === null ? null : p95 * 1_000,
      requestsPerSecond: value(requests()),
      cpuCores: value(`rate(container_cpu_usage_seconds_total{${labels}}[${rate}])`),
      memoryBytes: value(`container_memory_working_set_bytes{${labels}}`),
    };
  }

  const stop = metrics.onTick(() => {
    const at = Date.now();
    for (const { name } of practiceApps) {
      const now = read(name);
      const history = [
        ...(apps.get(name)?.history ?? []),
        { at, errorRate: now.errorRate, p95Ms: now.p95Ms },
      ].slice(-kept);
      apps.set(name, { app: name, now, history });
    }
  });

  return { all: (): AppMetrics[] => [...apps.values()], close: stop };
}
