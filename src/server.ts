import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { ZodError } from "zod";
import type { Clock } from "./domain/clock.ts";
import { cleanLine } from "./domain/clean-text.ts";
import { type Received, refuseTimes, type Webhook } from "./engine/alerts/webhook.ts";
import type { Database } from "./store/database.ts";
import { receive } from "./store/inbox.ts";
import type { WebhookLog } from "./store/webhooks.ts";
import type { Telemetry } from "./telemetry.ts";

/** PagerDuty drops payloads over 256 KB itself; an Alertmanager group of thousands stays below this. */
const MAX_BODY = 1_000_000;
/** Bytes of a body over the limit that are read before its sender is cut off. */
const MAX_READ = 20 * MAX_BODY;

export interface ServerOptions {
  db: Database;
  webhooks: readonly Webhook[];
  seen: WebhookLog;
  /** Slack's HTTP mode; null in Socket Mode. */
  slack: ((req: IncomingMessage, res: ServerResponse) => void) | null;
  /** What is not ready; empty: ready. */
  notReady: () => string[];
  telemetry: Pick<Telemetry, "contentType" | "text">;
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

/**
 * The raw body, or undefined when it is over the limit. What is too much is read and thrown away, up to a second limit:
 * a sender that is cut off takes that for a network error and sends all of it again.
 */
async function readBody(req: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY) chunks.push(chunk);
    else chunks.length = 0;
    if (size > MAX_READ) return undefined;
  }
  return size > MAX_BODY ? undefined : Buffer.concat(chunks);
}

/** Characters of a reason that are kept: a body with thousands of mistakes has thousands of reasons. */
const MAX_WHY = 300;

/** What the source says, or why it cannot be that. */
function understand(webhook: Webhook, raw: Buffer, req: IncomingMessage): Received | string {
  try {
    return webhook.parse(raw, req.headers);
  } catch (error) {
    if (!(error instanceof ZodError)) return "it is no valid JSON";
    const problems = error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
    return cleanLine(problems.join("; ")).slice(0, MAX_WHY).toWellFormed();
  }
}

/**
 * Webhooks are stored, then answered 202. Refusals: 401 not from whom it says, 413 too large, 400 not what the source
 * sends or not of now, 503 when it cannot be stored: the one code that PagerDuty and Alertmanager both repeat (429 is dropped by
 * Alertmanager).
 */
async function take(
  webhook: Webhook,
  req: IncomingMessage,
  res: ServerResponse,
  { db, seen, wakeInbox, now, log }: ServerOptions,
): Promise<void> {
  function refuse(status: 400 | 401 | 413, why: string): void {
    seen.refused(webhook.source, why, now());
    answer(res, status, `Refused: ${why}.`);
  }
  const raw = await readBody(req);
  if (raw === undefined) return refuse(413, "it is larger than 1 MB");
  const stranger = webhook.refuse(req.headers, raw);
  if (stranger !== null) return refuse(401, stranger);
  const received = understand(webhook, raw, req);
  if (typeof received === "string") return refuse(400, received);
  const doubt = refuseTimes(received, now());
  if (doubt !== null) return refuse(400, doubt);
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
  const { webhooks, slack, notReady, telemetry, log } = options;
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
      const text = await telemetry.text();
      res.writeHead(200, { "content-type": telemetry.contentType }).end(text);
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

export function listen(server: Server, { port, host }: { port: number; host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
}
