import { createHmac } from "node:crypto";
import { z } from "zod";
import type { PagerEvent } from "../../domain/pager-event.ts";
import { sameSecret, type Webhook } from "../../engine/webhook.ts";

/** https://developer.pagerduty.com/docs/webhooks-overview: one event a payload; only what crai follows is read. */
const Payload = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string(),
    occurred_at: z.coerce.date(),
    agent: z.object({ id: z.string(), summary: z.string().nullish(), type: z.string() }).nullish(),
    data: z.object({
      id: z.string(),
      type: z.string().optional(),
      title: z.string().optional(),
      html_url: z.string().optional(),
      urgency: z.string().optional(),
      service: z.object({ id: z.string() }).nullish(),
      incident: z.object({ id: z.string() }).nullish(),
    }),
  }),
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
      const { event } = Payload.parse(JSON.parse(raw.toString("utf8")));
      const { data, agent } = event;
      const isIncident = event.event_type.startsWith("incident.") && data.title !== undefined;
      const body: PagerEvent = {
        id: event.id,
        what: followed[event.event_type] ?? "other",
        at: event.occurred_at.toISOString(),
        by:
          agent?.type.startsWith("user") === true ? { id: agent.id, name: agent.summary ?? agent.id } : null,
        incident: isIncident
          ? {
              id: data.id,
              title: data.title ?? data.id,
              service: data.service?.id ?? null,
              url: data.html_url ?? null,
              urgent: data.urgency !== "low",
            }
          : null,
      };
      return { key: event.id, body: { event: body } };
    },
  };
}
