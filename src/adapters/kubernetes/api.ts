import { setTimeout as sleep } from "node:timers/promises";
import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import type { WebSocket } from "ws";
import type { Identity } from "../../domain/actor.ts";
import { ClusterUnreachable } from "../../domain/errors.ts";
import { storableJson } from "../../domain/storable-json.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";
import { type Connection, type HttpRequest, readBody } from "./connection.ts";
import { type Caller, refusalOf } from "./refusals.ts";
import { type Call, resourcePath } from "./resource-path.ts";

export interface Retry {
  /** How often a call is made at most. */
  attempts: number;
  /** ms before the second attempt; doubles from there. */
  firstDelayMs: number;
}

export interface ApiOptions {
  connection: Connection;
  caller: Caller;
  /** Whom to impersonate; null: the kubeconfig's own user. */
  identity: Identity | null;
  userAgent: string;
  /** ms an attempt may take, from its first byte out to its last byte in. */
  timeoutMs: number;
  retry: Retry;
  log: Logger;
}

type Query = Readonly<Record<string, string>>;

/** Raw JSON in and out, in one actor's name. */
export interface Api {
  get(call: Call, options?: { query?: Query; accept?: string }): Promise<JsonObject>;
  /** A POST that stores nothing (access reviews): as safe to repeat as a GET. */
  ask(call: Call, body: JsonObject): Promise<JsonObject>;
  /** Sent once: whether a lost write arrived is for the caller to observe. `dryRun` writes nothing and is repeated. */
  patch(
    call: Call,
    patch: { contentType: string; body: Json; query: Query; dryRun: boolean },
  ): Promise<JsonObject>;
  /** A POST that stores something: sent once, as a patch is. */
  create(call: Call, body: JsonObject, options: { query: Query; dryRun: boolean }): Promise<JsonObject>;
  delete(call: Call, body: JsonObject): Promise<void>;
  /** A GET whose answer is no JSON: logs. */
  text(call: Call, query: Query): Promise<string>;
  /** A WebSocket that speaks one of `protocols`. Rejects like every other call when it is refused. */
  socket(call: Call, query: URLSearchParams, protocols: readonly string[]): Promise<WebSocket>;
  /** An open answer that never ends by itself; `signal` ends it. */
  stream(call: Call, query: Query, signal: AbortSignal): Promise<IncomingMessage>;
  /** What the server says it serves at this path. */
  discover(path: string): Promise<JsonObject>;
  version(): Promise<string>;
  readonly caller: Caller;
}

/** Retry-After may ask for minutes; by then the person has long asked again. */
const longestDelayMs = 10_000;

interface Answer {
  status: number;
  body: string;
  retryAfterMs: number | null;
}

/** What the network said; a refused connection to several addresses says it only in its code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message || code || error.name;
}

function retryAfter(answer: IncomingMessage): number | null {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

function impersonation(identity: Identity | null): Record<string, string | string[]> {
  if (identity === null) return {};
  return {
    "Impersonate-User": identity.user,
    // An empty list sends no header: the groups of crai's own user are never lent.
    ...(identity.groups.length === 0 ? {} : { "Impersonate-Group": identity.groups }),
  };
}

export function createApi(options: ApiOptions): Api {
  const { connection, caller, timeoutMs, retry, log } = options;
  const standing = { "User-Agent": options.userAgent, ...impersonation(options.identity) };

  function requestOf(request: Omit<HttpRequest, "headers">, headers: Record<string, string>): HttpRequest {
    const type = request.body === undefined ? {} : { "Content-Type": "application/json" };
    return { ...request, headers: { Accept: "application/json", ...type, ...headers, ...standing } };
  }

  async function attempt(request: HttpRequest): Promise<Answer> {
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await connection.open(request, deadline);
      return {
        status: answer.statusCode ?? 0,
        body: await readBody(answer),
        retryAfterMs: retryAfter(answer),
      };
    } catch (cause) {
      const why = deadline.aborted ? "no answer in time" : reasonOf(cause);
      throw new ClusterUnreachable(`The API server of ${caller.cluster} did not answer: ${why}`, {
        cause,
      });
    }
  }

  function worthRepeating(answer: Answer | null, safe: boolean): boolean {
    if (answer === null) return safe;
    // 429 is said before anything is done, so even a write may come again. A budget will say no again and again.
    return (
      (answer.status === 429 && !answer.body.includes('"DisruptionBudget"')) || (safe && answer.status >= 500)
    );
  }

  async function send(call: Call, request: HttpRequest, safe: boolean): Promise<string> {
    for (let number = 1; ; number++) {
      let answer: Answer | null = null;
      let lost: unknown;
      try {
        answer = await attempt(request);
      } catch (error) {
        lost = error;
      }
      if (answer !== null && answer.status >= 200 && answer.status < 300) return answer.body;
      const failure =
        answer === null ? lost : refusalOf({ call, caller, status: answer.status, body: answer.body });
      if (number >= retry.attempts || !worthRepeating(answer, safe)) throw failure;
      const delay = Math.min(answer?.retryAfterMs ?? retry.firstDelayMs * 2 ** (number - 1), longestDelayMs);
      log.debug(
        { verb: call.verb, resource: call.resource, number, delay, err: failure },
        "cluster call repeated",
      );
      await sleep(delay);
    }
  }

  function parse(text: string): JsonObject {
    try {
      const json: unknown = JSON.parse(storableJson(text));
      if (json !== null && typeof json === "object") return json as JsonObject;
    } catch {
      // Falls through: a 2xx that is no JSON comes from something that is no API server.
    }
    throw new ClusterUnreachable(`What answers for ${caller.cluster} is no Kubernetes API server`);
  }

  return {
    caller,
    async get(call, { query = {}, accept } = {}) {
      const headers = accept === undefined ? {} : { Accept: accept };
      return parse(
        await send(call, requestOf({ method: "GET", path: resourcePath(call, query) }, headers), true),
      );
    },
    async ask(call, body) {
      const request = { method: "POST", path: resourcePath(call), body: JSON.stringify(body) } as const;
      return parse(await send(call, requestOf(request, {}), true));
    },
    async patch(call, { contentType, body, query, dryRun }) {
      const path = resourcePath(call, dryRun ? { ...query, dryRun: "All" } : query);
      const request = { method: "PATCH", path, body: JSON.stringify(body) } as const;
      return parse(await send(call, requestOf(request, { "Content-Type": contentType }), dryRun));
    },
    async create(call, body, { query, dryRun }) {
      const path = resourcePath(call, dryRun ? { ...query, dryRun: "All" } : query);
      const request = { method: "POST", path, body: JSON.stringify(body) } as const;
      return parse(await send(call, requestOf(request, {}), dryRun));
    },
    async text(call, query) {
      const request = { method: "GET", path: resourcePath(call, query) } as const;
      return send(call, requestOf(request, { Accept: "*/*" }), true);
    },
    async socket(call, query, protocols) {
      const path = `${resourcePath(call)}?${query.toString()}`;
      const { headers } = requestOf({ method: "GET", path }, { Accept: "*/*" });
      const opened = await connection.upgrade({ path, headers, protocols }, AbortSignal.timeout(timeoutMs));
      if (!("status" in opened)) return opened;
      throw refusalOf({ call, caller, ...opened });
    },
    async delete(call, body) {
      const request = { method: "DELETE", path: resourcePath(call), body: JSON.stringify(body) } as const;
      await send(call, requestOf(request, {}), false);
    },
    async stream(call, query, signal) {
      const answer = await connection.open(
        requestOf({ method: "GET", path: resourcePath(call, query) }, {}),
        signal,
      );
      if (answer.statusCode === 200) return answer;
      throw refusalOf({ call, caller, status: answer.statusCode ?? 0, body: await readBody(answer) });
    },
    async discover(path) {
      const call: Call = { verb: "get", group: "", resource: path.split("/").at(-1) ?? "", namespace: null };
      return parse(await send(call, requestOf({ method: "GET", path }, {}), true));
    },
    async version() {
      const call: Call = { verb: "get", group: "", resource: "version", namespace: null };
      const body = parse(await send(call, requestOf({ method: "GET", path: "/version" }, {}), true));
      return typeof body["gitVersion"] === "string" ? body["gitVersion"] : "unknown";
    },
  };
}
