import type { PracticeApp } from "../apps/practice-apps.ts";
import { cluster } from "../seed.ts";
import type { AppHealth } from "./app-health.ts";
import { type Labels, labelsKey, type SeriesStore } from "./series.ts";
import { systemFigures, systemMetrics } from "./system-figures.ts";
import { experience, latencyBounds, noise, shareWithin } from "./traffic.ts";

/** What each metric is, for `/prom/metrics`. */
export const metricTypes = {
  http_requests_total: { type: "counter", help: "Requests answered, by status code." },
  http_request_duration_seconds: { type: "histogram", help: "Time until requests were answered." },
  container_cpu_usage_seconds_total: { type: "counter", help: "CPU time used by an app's containers." },
  container_cpu_cfs_periods_total: {
    type: "counter",
    help: "Periods in which an app's containers could run.",
  },
  container_cpu_cfs_throttled_periods_total: {
    type: "counter",
    help: "Periods in which they were held back by their CPU limit.",
  },
  container_memory_working_set_bytes: { type: "gauge", help: "Memory used by an app's containers." },
  kube_pod_container_status_restarts_total: {
    type: "counter",
    help: "Restarts of the containers that are there.",
  },
  kube_deployment_spec_replicas: { type: "gauge", help: "Replicas that are wanted." },
  kube_deployment_status_condition: {
    type: "gauge",
    help: "Conditions of a Deployment, 1 for the one that holds.",
  },
  kube_deployment_status_replicas_available: { type: "gauge", help: "Replicas that are Ready." },
  kube_pod_container_resource_limits: { type: "gauge", help: "Limits of an app's Ready pods together." },
  container_network_receive_bytes_total: { type: "counter", help: "Bytes that came in to an app." },
  container_network_transmit_bytes_total: { type: "counter", help: "Bytes that an app sent." },
  credit_decisions_total: { type: "counter", help: "Decisions on loans, by what they were." },
  ...systemMetrics,
} as const;

/** The scheduler's period is 100 ms. */
const periodsPerSecond = 10;

/** Of a request and its answer. */
const bytes = { received: 2_400, sent: 6_800 };
/** The rest is declined. */
const approvedShare = 0.63;

/** Counts as an app and its gateway would, from the health that the cluster shows. */
export function createRecorder(
  store: SeriesStore,
  apps: readonly PracticeApp[],
  modelAccuracy: () => number = () => 0.886,
) {
  const counters = new Map<string, number>();
  let tick = 0;

  /** The true value keeps its fraction; what is shown is whole, as counters of requests are. */
  function count(name: string, labels: Labels, increase: number, at: number): void {
    const key = `${name}${labelsKey(labels)}`;
    const value = (counters.get(key) ?? 0) + increase;
    counters.set(key, value);
    store.append(name, labels, {
      at,
      value: name.endsWith("_seconds_total") || name.endsWith("_sum") ? value : Math.floor(value),
    });
  }

  function record(app: PracticeApp, health: AppHealth, seconds: number, at: number): void {
    const labels = { app: app.name, namespace: cluster.namespace };
    const seen = experience(health, tick, app.name.length);
    store.append("kube_deployment_spec_replicas", labels, { at, value: health.desired });
    store.append("kube_deployment_status_replicas_available", labels, { at, value: health.ready });
    for (const status of ["true", "false"]) {
      const holds = health.stuck === (status === "false");
      store.append(
        "kube_deployment_status_condition",
        { ...labels, condition: "Progressing", status },
        { at, value: Number(holds) },
      );
    }
    store.append("container_memory_working_set_bytes", labels, { at, value: Math.round(seen.memoryBytes) });
    count("container_cpu_usage_seconds_total", labels, seen.cpuCores * seconds, at);
    const periods = health.ready * periodsPerSecond * seconds;
    count("container_cpu_cfs_periods_total", labels, periods, at);
    count("container_cpu_cfs_throttled_periods_total", labels, periods * seen.throttled, at);
    store.append("kube_pod_container_status_restarts_total", labels, { at, value: health.restarts });
    for (const [resource, limit] of [
      ["cpu", health.limits.cpuCores],
      ["memory", health.limits.memoryBytes],
    ] as const) {
      if (limit === null) continue;
      const limited = { ...labels, resource };
      store.append("kube_pod_container_resource_limits", limited, { at, value: limit * health.ready });
    }
    if (!app.http) return;

    const requests = seen.requestsPerSecond * seconds;
    const failed = requests * seen.errorRate;
    // 500 is the app's own answer, 503 its gateway's when no pod is left. All exist from the start, as a rate needs.
    count("container_network_receive_bytes_total", labels, requests * bytes.received, at);
    count("container_network_transmit_bytes_total", labels, requests * bytes.sent, at);
    if (app.name === "api") {
      const approved = approvedShare + 0.01 * noise(tick / 8, 3);
      const decided = requests - failed;
      count("credit_decisions_total", { ...labels, decision: "approved" }, decided * approved, at);
      count("credit_decisions_total", { ...labels, decision: "declined" }, decided * (1 - approved), at);
    }
    count("http_requests_total", { ...labels, code: "200" }, requests - failed, at);
    count("http_requests_total", { ...labels, code: "500" }, health.ready > 0 ? failed : 0, at);
    count("http_requests_total", { ...labels, code: "503" }, health.ready > 0 ? 0 : failed, at);
    for (const bound of latencyBounds) {
      const within = requests * shareWithin(bound, seen.p95Seconds);
      count("http_request_duration_seconds_bucket", { ...labels, le: String(bound) }, within, at);
    }
    count("http_request_duration_seconds_bucket", { ...labels, le: "+Inf" }, requests, at);
    count("http_request_duration_seconds_count", labels, requests, at);
    // The mean of an exponential curve, from its 95th percentile.
    count("http_request_duration_seconds_sum", labels, requests * (seen.p95Seconds / Math.log(20)), at);
  }

  return {
    /** @param seconds that have passed since the last call; 0 the first time. */
    record(health: ReadonlyMap<string, AppHealth>, seconds: number, at: number): void {
      tick += 1;
      for (const app of apps) {
        const own = health.get(app.name);
        if (own) record(app, own, seconds, at);
      }
      const cpuCores = apps.reduce((sum, app) => {
        const own = health.get(app.name);
        return own ? sum + experience(own, tick, app.name.length).cpuCores : sum;
      }, 0);
      for (const { name, labels, value } of systemFigures(cpuCores, tick, modelAccuracy()))
        store.append(name, { namespace: cluster.namespace, ...labels }, { at, value });
    },
  };
}
