import type { Pace } from "../crai-config.ts";
import { cluster } from "../seed.ts";

/** An alerting rule as in Prometheus' rule files; `$app` and `$value` are filled in. */
export interface Rule {
  alert: string;
  expr: string;
  /** Milliseconds that the expression must hold. */
  forMs: number;
  severity: "critical" | "warning" | "info";
  summary: string;
  description: string;
  format: (value: number) => string;
}

const percent = (value: number) => `${(value * 100).toFixed(2)} %`;
const milliseconds = (value: number) => `${Math.round(value * 1_000)} ms`;

/** The runbook's alerts about the apps' traffic, with the waiting times cut down to practice. */
export function alertRules(rate: Pace["rate"], forMs: number): Rule[] {
  const namespace = `namespace="${cluster.namespace}"`;
  const requests = (more = "") =>
    `sum by (app, namespace) (rate(http_requests_total{${namespace}${more}}[${rate}]))`;
  const buckets = `sum by (app, namespace, le) (rate(http_request_duration_seconds_bucket{${namespace}}[${rate}]))`;
  return [
    {
      alert: "HighErrorRate",
      expr: `${requests(',code=~"5.."')} / ${requests()} > 0.05`,
      forMs,
      severity: "critical",
      summary: "$app error rate is $value",
      description: "More than 5 % of requests fail.",
      format: percent,
    },
    {
      alert: "HighLatency",
      expr: `histogram_quantile(0.95, ${buckets}) > 0.2`,
      forMs,
      severity: "warning",
      summary: "$app P95 latency is $value",
      description: "95 % of requests should be answered within 200 ms.",
      format: milliseconds,
    },
    {
      alert: "APIDown",
      expr: `kube_deployment_status_replicas_available{${namespace},app="api"} == 0`,
      forMs,
      severity: "critical",
      summary: "$app has no pod that is ready",
      description: "Its health checks fail.",
      format: String,
    },
    {
      alert: "RolloutStuck",
      expr: `kube_deployment_status_condition{${namespace},condition="Progressing",status="false"} == 1`,
      forMs,
      severity: "warning",
      summary: "The rollout of $app does not progress",
      description: "New pods do not become ready within the progress deadline; the old ones still serve.",
      format: String,
    },
  ];
}
