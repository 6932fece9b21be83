import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Part } from "../part.ts";
import { auditEvent } from "./audit.ts";
import type { AuditEvent } from "./audit.ts";
import { denied, identify } from "./auth.ts";
import type { Caller, Identity } from "./auth.ts";
import { bootstrap } from "./bootstrap.ts";
import { answerDiscovery } from "./discovery.ts";
import type { Host } from "./exec/process.ts";
import { checkRunnable, execRequest } from "./exec/request.ts";
import type { ExecRequest } from "./exec/request.ts";
import { runSession } from "./exec/session.ts";
import { accept, refuse, wantsWebSocket } from "./exec/upgrade.ts";
import { createFaults } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { actingUser, negotiate, readBody, send } from "./http.ts";
import type { Answer, Call, ResourceCall } from "./http.ts";
import { kinds, reviewKinds } from "./kinds.ts";
import type { LogProvider } from "./logs.ts";
import { answerOpenApi } from "./openapi.ts";
import { createAuthorizer } from "./rbac.ts";
import { kindOf, requestInfo } from "./request-info.ts";
import { createRequestHooks } from "./request-hooks.ts";
import type { RequestListener } from "./request-hooks.ts";
import { answerResource } from "./resources.ts";
import { answerReview } from "./reviews.ts";
import { badRequest, noSuchResource, StatusError } from "./status.ts";
import type { Status } from "./status.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";
import { answerMetrics } from "./usage/answer.ts";
import { metricsApi, metricsGroup } from "./usage/availability.ts";

export interface ClusterOptions {
  store?: Store;
  identities: readonly Identity[];
  now: () => Date;
  /** Milliseconds between the bookmarks of a watch; a minute if not said. */
  bookmarkEvery?: number;
}

export interface Cluster extends Part {
  readonly store: Store;
  /** The last 10,000 requests, oldest first; also at GET /sandbox/audit as JSON lines. */
  readonly audit: readonly AuditEvent[];
  readonly faults: Faults;
  /** Called at both phases of every request, which waits for it and may be cut; returns how to stop. */
  onRequest(listener: RequestListener): () => void;
  /** Where `kubectl logs` comes from; set by whoever runs the pods. */
  logs: LogProvider;
  /** Address of the PostgreSQL that answers psql in the cluster; unset: its database does not answer. */
  database?: () => Promise<string>;
  /** What programs in containers find of the machine under them. */
  host?: Host;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** A sandbox that runs for days forgets its oldest requests. */
const auditLength = 10_000;

/** The practice cluster's API server, as a part of the sandbox's one port. */
export function createCluster(options: ClusterOptions): Cluster {
  const { identities, now } = options;
  const store = options.store ?? createStore();
  bootstrap(store, { manager: "kube-apiserver", now: now() });
  const authorizer = createAuthorizer(store);
  const faults = createFaults();
  const audit: AuditEvent[] = [];
  const hooks = createRequestHooks();
  const closing = new AbortController();
  const resources = { store, logs: () => cluster.logs, bookmarkEvery: options.bookmarkEvery ?? 60_000 };

  function route(call: Call): Answer {
    const { target, path } = call;
    if (path === "/sandbox/audit")
      return { code: 200, text: audit.map((event) => `${JSON.stringify(event)}\n`).join("") };
    if (/^\/(healthz|livez|readyz)(\/|$)/.test(path)) return { code: 200, text: "ok" };
    const described = answerDiscovery(call, metricsApi(store)) ?? answerOpenApi(call);
    if (described) return described;
    if (target?.group === metricsGroup) return answerMetrics(store, { ...call, target });
    const groupServed = kinds.some((kind) => kind.group === target?.group && kind.version === target.version);
    if (!target || !(groupServed || reviewKinds.some((kind) => kind.group === target.group))) {
      return { code: 404, text: "404 page not found\n" };
    }
    const kind = kindOf(target);
    if (!kind) throw noSuchResource();
    const resourceCall: ResourceCall = { ...call, target };
    if (reviewKinds.includes(kind)) return answerReview(authorizer, resourceCall, kind);
    return answerResource(resources, resourceCall, kind);
  }

  function authorize(call: Call): void {
    const { verb, path, target } = call;
    const attributes = { user: actingUser(call.caller), verb, ...(target ? { resource: target } : { path }) };
    if (!authorizer.authorize(attributes).allowed) throw denied(attributes);
  }

  function answer(call: Call, problem: unknown): Answer {
    try {
      if (problem) throw problem;
      faults.check(call);
      authorize(call);
      return route(call);
    } catch (error) {
      return failure(error);
    }
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const cut = () => req.socket.destroy();
    const { outage } = faults;
    outage.addEventListener("abort", cut, { once: true });
    res.once("close", () => {
      gone.abort();
      outage.removeEventListener("abort", cut);
    });
    const signal = AbortSignal.any([gone.signal, closing.signal]);
    if ((await faults.delay(signal)) === "cut") return void cut();
    const [call, problem] = await readCall(req, signal);
    if (await hooks.reach(call, "received")) return void cut();
    const given = answer(call, problem);
    record(call, given);
    if (await hooks.reach(call, "answered", given.code)) return void cut();
    await send(res, given, wantsYaml(call));
  }

  /** Requests that ask for another protocol: exec is the only one that has any. */
  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const gone = new AbortController();
    const cut = () => socket.destroy();
    // A client may go away at any moment; whoever writes to the socket then sees that it is closed.
    socket.on("error", cut).once("close", () => gone.abort());
    const ended = AbortSignal.any([closing.signal, faults.outage]);
    ended.addEventListener("abort", cut, { once: true });
    if ((await faults.delay(AbortSignal.any([gone.signal, ended]))) === "cut") return void cut();
    const [call, problem] = describeCall(req, gone.signal);
    if (await hooks.reach(call, "received")) return void cut();
    const started = startExec(req, call, problem);
    const refusal = "body" in started ? started : undefined;
    record(call, refusal ?? { code: 101, text: "" });
    if (await hooks.reach(call, "answered", refusal?.code ?? 101)) return void cut();
    if ("body" in started) {
      refuse(socket, started.body as Status);
      return;
    }
    const system = {
      store,
      now,
      ...cluster.host,
      ...(cluster.database && { database: cluster.database }),
    };
    await runSession(await accept(req, socket, head), started, system);
  }

  function startExec(req: IncomingMessage, call: Call, problem: unknown): ExecRequest | RefusedAnswer {
    try {
      if (problem) throw problem;
      faults.check(call);
      authorize(call);
      const { target } = call;
      if (target?.plural !== "pods" || target.subresource !== "exec") throw noSuchResource();
      const request = execRequest(store, { ...call, target });
      checkRunnable(request);
      if (wantsWebSocket(req)) return request;
      throw badRequest(
        "unable to upgrade: the practice cluster runs commands over WebSockets only, not SPDY",
      );
    } catch (error) {
      return failure(error);
    }
  }

  /** The call, and why it cannot be answered when it cannot. */
  async function readCall(req: IncomingMessage, signal: AbortSignal): Promise<[Call, unknown]> {
    const [call, stranger] = describeCall(req, signal);
    try {
      call.body = await readBody(req);
      return [call, stranger];
    } catch (error) {
      return [call, error];
    }
  }

  /** The call without its body, and why its sender may not make it. */
  function describeCall(req: IncomingMessage, signal: AbortSignal): [Call, unknown] {
    const uri = req.url ?? "/";
    const url = new URL(uri, "http://sandbox");
    const method = req.method ?? "GET";
    const [caller, stranger] = whoIs(req);
    const call: Call = {
      ...requestInfo(method, url.pathname, url.searchParams),
      method,
      uri,
      query: url.searchParams,
      headers: req.headers,
      body: Buffer.alloc(0),
      caller,
      now: now(),
      signal,
    };
    return [call, stranger];
  }

  function whoIs(req: IncomingMessage): [Caller, unknown] {
    try {
      return [identify(req, identities, authorizer), undefined];
    } catch (error) {
      return [{ user: { name: "system:anonymous", groups: ["system:unauthenticated"] } }, error];
    }
  }

  function record(call: Call, given: Answer): void {
    if (call.path.startsWith("/sandbox/")) return;
    const status =
      "body" in given ? (given.body as { message?: string; reason?: string; kind?: string }) : {};
    const { message, reason } = status.kind === "Status" ? status : {};
    if (audit.length === auditLength) audit.shift();
    audit.push(
      auditEvent(call, {
        code: given.code,
        started: "stream" in given,
        ...(message && { message }),
        ...(reason && { reason }),
        at: now(),
      }),
    );
  }

  const cluster: Cluster = {
    store,
    audit,
    faults,
    handle,
    upgrade: (req, socket, head) => void upgrade(req, socket, head),
    onRequest: (listener) => hooks.on(listener),
    logs: noLogs,
    close() {
      closing.abort();
      return Promise.resolve();
    },
  };
  return cluster;
}

async function* noLogs(): AsyncGenerator<string> {
  // Nobody runs the pods, so they have said nothing.
}

function wantsYaml(call: Call): boolean {
  return (
    call.method === "GET" &&
    /application\/yaml/.test(call.headers.accept ?? "") &&
    negotiate(call.headers.accept).yaml
  );
}

type RefusedAnswer = { code: number; body: object };

/** A refusal as its Status; anything else as a 500 that says so. */
function failure(error: unknown): RefusedAnswer {
  if (error instanceof StatusError) return { code: error.status.code, body: error.status };
  const why = error instanceof Error ? error.message : String(error);
  const { status } = new StatusError(500, "InternalError", `Internal error occurred: ${why}`);
  return { code: 500, body: status };
}
