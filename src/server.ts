import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { register } from "prom-client";
import { ZodError } from "zod";
import type { Clock } from "./domain/clock.ts";
import type { Webhook } from "./engine/webhook.ts";
import type { Database } from "./store/database.ts";
import { receive } from "./store/inbox.ts";
import type { WebhookLog } from "./store/webhooks.ts";

/** PagerDuty drops payloads over 256 KB itself; an Alertmanager group of thousands stays below this. */
const MAX_BODY = 1_000_000;

export interface ServerOptions {
  db: Database;
  webhooks: readonly Webhook[];
  seen: WebhookLog;
  /** Slack's HTTP mode; null in Socket Mode. */
  slack: ((req: IncomingMessage, res: ServerResponse) => void) | null;
  /** What is not ready; empty: ready. */
  notReady: () => string[];
  wakeInbox: () => void;
  now: Clock;
  log: Logger;
}

function answer(res: ServerResponse, status: number, text: string): void {
  res
    .writeHead(status, {
      "content-type": "text/plain; charset=utf-8",
      connection: status === 413 ? "close" : "keep-alive",
    })
    .end(`${text}\n`);
}

/** The raw body, or undefined when it is over the limit; nothing more of it is read then. */
async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(req.headers["content-length"] ?? 0) > MAX_BODY) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Webhooks are stored, then answered 202. Refusals: 401 not from whom it says, 413 too large, 400 not what the source
 * sends, 503 when it cannot be stored: the one code that PagerDuty and Alertmanager both repeat (429 is dropped by
 * Alertmanager).
 */
async function take(
  webhook: Webhook,
  req: IncomingMessage,
  res: ServerResponse,
  { db, seen, wakeInbox, now, log }: ServerOptions,
): Promise<void> {
  const raw = await readBody(req);
  const why = raw === undefined ? "it is larger than 1 MB" : webhook.refuse(req.headers, raw);
  if (raw === undefined || why !== null) {
    seen.refused(webhook.source, why ?? "", now());
    return answer(res, raw === undefined ? 413 : 401, `Refused: ${why}.`);
  }
  let received: ReturnType<Webhook["parse"]>;
  try {
    received = webhook.parse(raw, req.headers);
  } catch (error) {
    const problem =
      error instanceof ZodError
        ? error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")
        : "no valid JSON";
    seen.refused(webhook.source, problem, now());
    return answer(res, 400, `Refused: ${problem}.`);
  }
  try {
    await receive(db, {
      source: webhook.source,
      key: received.key ?? randomUUID(),
      body: received.body,
      receivedAt: now(),
    });
  } catch (err) {
    log.error({ err, source: webhook.source }, "webhook not stored");
    return answer(res, 503, "Not stored; send it again.");
  }
  seen.taken(webhook.source, now());
  answer(res, 202, "Stored.");
  wakeInbox();
}

export function createWebServer(options: ServerOptions): Server {
  const { webhooks, slack, notReady, log } = options;
  const byPath = new Map(webhooks.map((webhook) => [`/webhooks/${webhook.source}`, webhook]));

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? "/").split("?")[0] ?? "/";
    const webhook = byPath.get(path);
    if (webhook)
      return req.method === "POST" ? take(webhook, req, res, options) : answer(res, 405, "POST only.");
    if (path === "/slack/events" && slack !== null) return slack(req, res);
    if (req.method !== "GET") return answer(res, 404, "Not found.");
    if (path === "/healthz") return answer(res, 200, "ok");
    if (path === "/readyz") {
      const missing = notReady();
      return answer(
        res,
        missing.length === 0 ? 200 : 503,
        missing.length === 0 ? "ready" : missing.join("\n"),
      );
    }
    if (path === "/metrics") {
      res.writeHead(200, { "content-type": register.contentType }).end(await register.metrics());
      return;
    }
    answer(res, 404, "Not found.");
  }

  return createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (req, res) => {
    route(req, res).catch((err: unknown) => {
      log.error({ err }, "request broke");
      if (res.headersSent) res.destroy();
      else answer(res, 503, "Something broke; send it again.");
    });
  });
}
