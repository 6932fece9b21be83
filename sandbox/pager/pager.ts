import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { BadRequest, sendJson, sendText, urlOf } from "../http.ts";
import type { Part } from "../part.ts";
import { enqueue } from "./events-api.ts";
import { createFaults, type Faults } from "./faults.ts";
import { type Change, createIncidents } from "./incidents.ts";
import { type Answer, callOf, PagerError } from "./rest.ts";
import { createRoutes } from "./routes.ts";
import { createShapes } from "./shapes.ts";
import { createWebhooks, pagerdutyTiming, type WebhookTiming } from "./webhooks.ts";

const everyEvent = [
  "triggered",
  "acknowledged",
  "unacknowledged",
  "annotated",
  "reassigned",
  "escalated",
  "priority_updated",
  "reopened",
  "resolved",
].map((type) => `incident.${type}`);

export interface PagerOptions {
  /** Origin of the sandbox, for links back to it. */
  origin: () => string;
  clock?: () => number;
  timing?: Partial<WebhookTiming>;
  /** PagerDuty's is 960 for each key. */
  requestsPerMinute?: number;
}

export type Pager = ReturnType<typeof createPager>;

/** A PagerDuty account: REST API v2, Events API v2 and Webhooks V3, mounted under `/pager`. */
export function createPager(options: PagerOptions) {
  const clock = options.clock ?? Date.now;
  const limit = options.requestsPerMinute ?? 960;
  const faults = createFaults();
  const shapes = createShapes(options.origin);
  const webhooks = createWebhooks(clock, { ...pagerdutyTiming, ...options.timing });
  const listeners = new Set<(change: Change) => void>();
  const incidents = createIncidents(clock, (change) => {
    webhooks.publish({
      type: `incident.${change.type}`,
      resource: change.incident.id,
      service: change.incident.service,
      body: eventOf(change),
    });
    for (const listener of listeners) listener(change);
  });
  const route = createRoutes({ incidents, webhooks, shapes, clock });
  let window = { startedAt: clock(), used: 0 };

  function eventOf(change: Change) {
    return {
      event: {
        id: randomUUID(),
        event_type: `incident.${change.type}`,
        resource_type: "incident",
        occurred_at: new Date(change.at).toISOString(),
        agent: shapes.agent(change.agent),
        client: change.agent.kind === "user" ? { name: "PagerDuty" } : change.agent.client,
        data: shapes.webhookData(change),
      },
    };
  }

  /** Counts the request and writes the `ratelimit-*` headers. */
  function rateLimit(res: ServerResponse): void {
    const now = clock();
    if (now - window.startedAt >= 60_000) window = { startedAt: now, used: 0 };
    window.used += 1;
    res.setHeader("ratelimit-limit", limit);
    res.setHeader("ratelimit-remaining", Math.max(0, limit - window.used));
    res.setHeader("ratelimit-reset", Math.ceil((window.startedAt + 60_000 - now) / 1_000));
    if (window.used > limit) throw new PagerError(429, 2020, "Rate Limit Exceeded");
  }

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<Answer> {
    const url = urlOf(req);
    if (req.method === "POST" && url.pathname === "/v2/enqueue") return enqueue(req, incidents, clock);
    const call = callOf(req, url);
    rateLimit(res);
    return route(call);
  }

  const part: Part = {
    async handle(req, res) {
      // An outage of the real thing answers with its proxy's page, not with JSON.
      if ((await faults.wait()) === "down") {
        res
          .writeHead(503, { "content-type": "text/html" })
          .end("<html><body><h1>503 Service Unavailable</h1></body></html>");
        return;
      }
      try {
        const { status, body } = await answer(req, res);
        if (body === undefined) res.writeHead(status).end();
        else sendJson(res, status, body);
      } catch (error) {
        refuse(res, error);
      }
    },
    async close() {
      webhooks.close();
    },
  };

  return {
    ...part,
    incidents,
    webhooks,
    faults: faults as Faults,
    /** A subscription to every event of the account. With two secrets each delivery carries both signatures. */
    subscribe(url: string, secrets: string[]) {
      return webhooks.subscribe({
        url,
        secrets,
        description: "crai",
        events: everyEvent,
        filter: { type: "account_reference" },
        customHeaders: [],
      });
    },
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function refuse(res: ServerResponse, error: unknown): void {
  if (error instanceof BadRequest)
    error = new PagerError(error.status, 2001, "Invalid Input Provided", [error.message]);
  if (!(error instanceof PagerError)) {
    sendJson(res, 500, {
      error: { message: `The sandbox's pager failed: ${(error as Error).message}`, code: 2000 },
    });
    return;
  }
  if (error.status === 401) {
    sendText(res, 401, error.message);
    return;
  }
  const details = error.errors.length > 0 ? { errors: error.errors } : {};
  sendJson(res, error.status, { error: { message: error.message, code: error.code, ...details } });
}
