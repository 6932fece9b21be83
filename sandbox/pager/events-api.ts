import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { readJson } from "../http.ts";
import { services } from "./account.ts";
import { type Agent, type Incidents, newId } from "./incidents.ts";
import type { Answer } from "./rest.ts";

const Event = z.object({
  routing_key: z.string().length(32),
  event_action: z.enum(["trigger", "acknowledge", "resolve"]),
  dedup_key: z.string().max(255).optional(),
  client: z.string().optional(),
  client_url: z.string().optional(),
  payload: z
    .object({
      summary: z.string().min(1).max(1_024),
      source: z.string(),
      severity: z.enum(["critical", "error", "warning", "info"]),
      custom_details: z.unknown().optional(),
    })
    .optional(),
});

/** `POST /v2/enqueue`: what monitoring systems send. 202 means accepted, not that anything changed. */
export async function enqueue(
  req: IncomingMessage,
  incidents: Incidents,
  clock: () => number,
): Promise<Answer> {
  const parsed = Event.safeParse(await readJson(req, 512_000));
  const errors = parsed.success
    ? incomplete(parsed.data)
    : parsed.error.issues.map((issue) => `'${issue.path.join(".")}' ${issue.message}`);
  if (errors.length > 0)
    return { status: 400, body: { status: "invalid event", message: "Event object is invalid", errors } };

  const event = parsed.data!;
  const dedupKey = event.dedup_key ?? randomUUID().replaceAll("-", "");
  // An unknown key is accepted and goes nowhere, as at PagerDuty.
  const service = services.find(({ routingKey }) => routingKey === event.routing_key);
  if (service) {
    const agent: Agent = {
      kind: "integration",
      service,
      client: { name: event.client ?? "Events API", url: event.client_url ?? null },
    };
    apply(event, dedupKey, agent);
  }
  return { status: 202, body: { status: "success", message: "Event processed", dedup_key: dedupKey } };

  function apply(
    { event_action: action, payload }: z.infer<typeof Event>,
    key: string,
    agent: Agent & { kind: "integration" },
  ): void {
    const open = incidents.openByKey(agent.service, key);
    if (action === "acknowledge" && open?.status === "triggered") incidents.acknowledge(open, agent);
    if (action === "resolve" && open) incidents.resolve(open, agent);
    if (action !== "trigger" || !payload) return;
    const incident =
      open ??
      incidents.trigger(
        {
          title: payload.summary,
          service: agent.service,
          incidentKey: key,
          urgency: payload.severity === "critical" || payload.severity === "error" ? "high" : "low",
        },
        agent,
      );
    const known = incident.alerts.find((alert) => alert.key === key);
    if (known) known.summary = payload.summary;
    else {
      incident.alerts.push({
        id: newId("Q"),
        key,
        status: "triggered",
        summary: payload.summary,
        severity: payload.severity,
        details: payload.custom_details ?? {},
        createdAt: clock(),
      });
    }
  }
}

function incomplete(event: z.infer<typeof Event>): string[] {
  if (event.event_action === "trigger") return event.payload ? [] : ["'payload' is missing or blank"];
  return event.dedup_key === undefined ? ["'dedup_key' is missing or blank"] : [];
}
