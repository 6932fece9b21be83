import { createHash } from "node:crypto";
import { z } from "zod";
import type { AlertSource } from "./actor.ts";
import { type Alert, alertTitle } from "./alert.ts";

/** Characters of one label, annotation or address: more is no help, and thousands of alerts may come at once. */
const LONGEST = 2000;

const Text = z
  .string()
  .transform((text) => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`));
const Texts = z.record(z.string().max(LONGEST), Text);

/** One alert as Alertmanager (webhook version 4) and Grafana both send it. Fields we do not use are dropped. */
export const PrometheusAlert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: Texts,
  annotations: Texts.default({}),
  startsAt: z.coerce.date(),
  /** Year 1 while it fires. */
  endsAt: z.coerce.date(),
  generatorURL: z.string().default(""),
  fingerprint: z.string().min(1).max(256),
});
export type PrometheusAlert = z.infer<typeof PrometheusAlert>;

const levels: Record<string, Alert["level"]> = { warning: "warning", info: "info", none: "info" };

function levelOf(severity = ""): Alert["level"] {
  // A label may be any word, also one that every object has ("constructor").
  return (Object.hasOwn(levels, severity) ? levels[severity] : undefined) ?? "critical";
}

/** An alert without a severity label counts as critical: better one message too many than an outage nobody saw. */
export function toAlert(
  alert: PrometheusAlert,
  { source, groupKey }: { source: AlertSource; groupKey: string },
): Alert {
  const { labels, annotations } = alert;
  return {
    source,
    fingerprint: alert.fingerprint,
    // As Alertmanager and Grafana name the group to PagerDuty (dedup_key).
    group: groupKey === "" ? null : createHash("sha256").update(groupKey).digest("hex"),
    status: alert.status,
    title: alertTitle(labels["alertname"] ?? annotations["summary"] ?? ""),
    level: levelOf(labels["severity"]),
    labels,
    annotations,
    startsAt: alert.startsAt.toISOString(),
    endsAt: alert.endsAt.getUTCFullYear() > 1 ? alert.endsAt.toISOString() : null,
    url:
      /^https?:\/\//.test(alert.generatorURL) && alert.generatorURL.length <= LONGEST
        ? alert.generatorURL
        : null,
    pagerdutyIncident: null,
    pagerdutyService: null,
  };
}
