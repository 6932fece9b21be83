import { createHash, createHmac, randomUUID } from "node:crypto";
import { alertmanagerToken, grafanaToken, pager } from "../../sandbox/seed.ts";

/** What the three sources post to crai, byte for byte as a test wants it, past the sandbox's own sense of what is right. */

export interface SentAlert {
  labels: Record<string, string>;
  annotations?: Record<string, string>;
  status?: "firing" | "resolved";
  startsAt?: Date;
  fingerprint?: string;
  generatorURL?: string;
}

function prometheusAlert({ labels, annotations = {}, status = "firing", ...more }: SentAlert): object {
  const startsAt = more.startsAt ?? new Date();
  return {
    status,
    labels,
    annotations,
    startsAt: startsAt.toISOString(),
    endsAt: status === "resolved" ? new Date().toISOString() : "0001-01-01T00:00:00Z",
    generatorURL: more.generatorURL ?? "http://prometheus.example.com/graph",
    fingerprint:
      more.fingerprint ?? createHash("sha256").update(JSON.stringify(labels)).digest("hex").slice(0, 16),
  };
}

/** Alertmanager's webhook, version 4. */
export function alertmanagerBody(
  alerts: readonly SentAlert[],
  groupKey = `{}:{id="${randomUUID()}"}`,
): object {
  return { version: "4", groupKey, status: "firing", receiver: "crai", alerts: alerts.map(prometheusAlert) };
}

export function grafanaBody(alerts: readonly SentAlert[], groupKey = `{}:{id="${randomUUID()}"}`): object {
  return { version: "1", groupKey, orgId: 1, status: "firing", alerts: alerts.map(prometheusAlert) };
}

/** How PagerDuty and an alertmanager know the same group. */
export function dedupKey(groupKey: string): string {
  return createHash("sha256").update(groupKey).digest("hex");
}

/** PagerDuty's webhook V3 about one of its incidents. */
export function pagerdutyBody(more: {
  id?: string;
  type?: string;
  at?: Date;
  incident?: Record<string, unknown>;
}): object {
  const { id = randomUUID(), type = "incident.triggered", at = new Date(), incident = {} } = more;
  return {
    event: {
      id,
      event_type: type,
      resource_type: "incident",
      occurred_at: at.toISOString(),
      agent: null,
      data: {
        id: "PINC1",
        type: "incident",
        title: "api is down",
        html_url: "https://example.pagerduty.com/incidents/PINC1",
        status: "triggered",
        urgency: "high",
        service: { id: pager.service.id, type: "service_reference" },
        ...incident,
      },
    },
  };
}

type Source = "alertmanager" | "grafana" | "pagerduty";

/** What the source says it is; PagerDuty signs the very bytes. */
export function credentials(source: Source, raw: string | Buffer): Record<string, string> {
  if (source === "alertmanager") return { authorization: `Bearer ${alertmanagerToken}` };
  if (source === "grafana") return { authorization: `Bearer ${grafanaToken}` };
  const signature = createHmac("sha256", pager.webhookSecret).update(raw).digest("hex");
  return { "x-pagerduty-signature": `v1=${signature}` };
}

export interface Answered {
  status: number;
  text: string;
}

/** Posts raw bytes, or a body as JSON. `headers` replace what the source would send to say who it is. */
export async function post(
  crai: string,
  source: Source,
  body: object | string,
  headers?: Record<string, string>,
): Promise<Answered> {
  const raw = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${crai}/webhooks/${source}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(headers ?? credentials(source, raw)) },
    body: raw,
  });
  return { status: response.status, text: (await response.text()).trim() };
}
