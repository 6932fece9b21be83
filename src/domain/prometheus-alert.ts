import { z } from "zod";
import type { AlertSource } from "./actor.ts";
import type { Alert } from "./alert.ts";

/** One alert as Alertmanager (webhook version 4) and Grafana both send it. Fields we do not use are dropped. */
export const PrometheusAlert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()).default({}),
  startsAt: z.coerce.date(),
  /** Year 1 while it fires. */
  endsAt: z.coerce.date(),
  generatorURL: z.string().default(""),
  fingerprint: z.string().min(1).max(256),
});
export type PrometheusAlert = z.infer<typeof PrometheusAlert>;

const levels: Record<string, Alert["level"]> = { warning: "warning", info: "info", none: "info" };

/** An alert without a severity label counts as critical: better one message too many than an outage nobody saw. */
export function toAlert(alert: PrometheusAlert, source: AlertSource): Alert {
  const { labels, annotations } = alert;
  return {
    source,
    fingerprint: alert.fingerprint,
    status: alert.status,
    title: labels["alertname"] ?? annotations["summary"] ?? "Alert without a name",
    level: levels[labels["severity"] ?? ""] ?? "critical",
    labels,
    annotations,
    startsAt: alert.startsAt.toISOString(),
    endsAt: alert.endsAt.getUTCFullYear() > 1 ? alert.endsAt.toISOString() : null,
    url: /^https?:\/\//.test(alert.generatorURL) ? alert.generatorURL : null,
    pagerdutyIncident: null,
    pagerdutyService: null,
  };
}
