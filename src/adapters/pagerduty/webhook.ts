import { createHmac } from "node:crypto";
import { z } from "zod";
import { alertTitle } from "../../domain/alert.ts";
import type { PagerEvent } from "../../domain/pager-event.ts";
import { sameSecret, type Webhook } from "../../engine/alerts/webhook.ts";

/** https://developer.pagerduty.com/docs/webhooks-overview: one event a payload; only what crai follows is read. */
const Envelope = z.object({
  event: z.object({
    id: z.string().regex(/^[\x21-\x7e]{1,200}$/, "1 to 200 visible ASCII characters"),
    event_type: z.string(),
    occurred_at: z.coerce.date(),
    agent: z.object({ id: z.string(), summary: z.string().nullish(), type: z.string() }).nullish(),
    /** Differs by type: a note's, a test's (pagey.ping) and a service's hold no incident. */
    data: z.unknown(),
  }),
});
const IncidentData = z.object({
  id: z.string().min(1).max(100),
  title: z.string(),
  html_url: z.string().nullish(),
  urgency: z.string().nullish(),
  incident_key: z.string().nullish(),
  incident_type: z.object({ name: z.string() }).nullish(),
  service: z.object({ id: z.string() }).nullish(),
});

const followed: Record<string, PagerEvent["what"]> = {
  "incident.triggered": "triggered",
  "incident.acknowledged": "acknowledged",
  "incident.unacknowledged": "unacknowledged",
  "incident.resolved": "resolved",
  "incident.reopened": "reopened",
};

/** `v1=<hex>,v1=<hex>`: HMAC-SHA256 of the raw body, several while secrets are rotated; one of ours is enough. */
function isSigned(header: string, raw: Buffer, secrets: readonly string[]): boolean {
  const given = header.split(",").map((part) => part.trim());
  const expected = secrets.map((secret) => `v1=${createHmac("sha256", secret).update(raw).digest("hex")}`);
  return expected.some((signature) => given.some((one) => sameSecret(one, signature)));
}

export function pagerdutyWebhook(secrets: readonly string[]): Webhook {
  return {
    source: "pagerduty",
    refuse(headers, raw) {
      if (secrets.length === 0) return "no webhook secret is configured";
      const header = headers["x-pagerduty-signature"];
      if (typeof header !== "string") return "it is not signed";
      return isSigned(header, raw, secrets) ? null : "its signature is wrong";
    },
    parse(raw) {
      const { event } = Envelope.parse(JSON.parse(raw.toString("utf8")));
      const { agent } = event;
      const what = followed[event.event_type] ?? "other";
      // What is not followed is taken all the same: three refusals in a row would make PagerDuty give crai up for a day.
      const data = what === "other" ? null : IncidentData.parse(event.data);
      const body: PagerEvent = {
        id: event.id,
        what,
        at: event.occurred_at.toISOString(),
        by:
          agent?.type.startsWith("user") === true ? { id: agent.id, name: agent.summary ?? agent.id } : null,
        incident: data && {
          id: data.id,
          title: alertTitle(data.title),
          key: data.incident_key ?? null,
          type: data.incident_type?.name ?? null,
          service: data.service?.id ?? null,
          url: data.html_url ?? null,
          urgent: data.urgency !== "low",
        },
      };
      return { key: event.id, body: { event: body }, latest: event.occurred_at, sent: event.occurred_at };
    },
  };
}
