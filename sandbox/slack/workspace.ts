import type { IncomingMessage, ServerResponse } from "node:http";
import type { Part } from "../part.ts";
import { createEventQueue } from "./app/event-queue.ts";
import { appEvents } from "./app/events.ts";
import { slackTimings } from "./app/link.ts";
import type { Timings } from "./app/link.ts";
import { signedHttp } from "./app/signed-http.ts";
import { createSocketMode } from "./app/socket-mode.ts";
import type { Switchboard } from "./app/switchboard.ts";
import { createClientPush } from "./client/push.ts";
import { serveClient } from "./client/serve.ts";
import { createFaults } from "./faults.ts";
import type { Faults } from "./faults.ts";
import { sendJson } from "./http.ts";
import type { AppManifest } from "./manifest.ts";
import { createRateLimiter } from "./rate-limit.ts";
import type { RateLimits } from "./rate-limit.ts";
import { createRequestHooks } from "./request-hooks.ts";
import type { RequestHooks } from "./request-hooks.ts";
import { createState } from "./state.ts";
import { serveApi, serveResponse, serveUpload } from "./web-api/serve.ts";
import type { ApiDesk } from "./web-api/serve.ts";

interface WorkspaceOptions {
  manifest: AppManifest;
  /** Milliseconds since 1970, UTC. */
  now?: () => number;
  /** Deliver by signed HTTP to this address instead of Socket Mode. */
  requestUrl?: string;
  rateLimits?: RateLimits;
  timings?: Partial<Timings>;
}

export interface SlackWorkspace extends Part {
  faults: Faults;
  /** Waits with each request of the app at a stage; see RequestHooks. */
  onRequest: RequestHooks["on"];
  setRateLimits(mode: RateLimits): void;
  /** Null goes back to Socket Mode. */
  setRequestUrl(url: string | null): void;
  /** Open Socket Mode connections. */
  connections(): number;
  /** Slack's planned disconnect of every Socket Mode connection. */
  refreshConnections(): void;
}

/** Where sandbox/main.ts mounts the workspace; the app gets addresses with it, and requests arrive without it. */
const prefix = "/slack";
const scheduleTickMs = 250;

/** A Slack workspace seeded from sandbox/seed.ts: Web API, Socket Mode or signed HTTP, and the people's client API. */
export function createSlackWorkspace(options: WorkspaceOptions): SlackWorkspace {
  const now = options.now ?? Date.now;
  const timings = { ...slackTimings, ...options.timings };
  const state = createState({ manifest: options.manifest, now });
  const socketMode = createSocketMode(state, timings);
  const push = createClientPush(state);
  const hooks = createRequestHooks();
  const limiter = createRateLimiter(now, options.rateLimits ?? "realistic");
  const faults = createFaults(({ down, dropSocket }) => {
    if (down || dropSocket) socketMode.drop();
  });
  let link = options.requestUrl === undefined ? socketMode : signedHttp(state, options.requestUrl, timings);
  /** As the app last addressed us: it may use another name of this host than the browser does. */
  let origin = "";

  const board: Switchboard = {
    state,
    timings,
    link: () => link,
    origin: () => origin,
    webUrl: () => origin.replace(/slack$/, ""),
  };
  const queue = createEventQueue(state, () => link, timings);
  const stopEvents = state.listen((change) => {
    for (const event of appEvents(state, change)) queue.push(event);
  });
  const desk: ApiDesk = { board, faults, hooks, limiter, newSocketUrl: () => socketMode.newUrl(origin) };

  const ticker = setInterval(() => {
    for (const scheduled of state.scheduled.values()) {
      if (scheduled.post_at * 1000 > now()) continue;
      state.scheduled.delete(scheduled.id);
      scheduled.post();
    }
  }, scheduleTickMs);
  ticker.unref();

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = new URL(req.url ?? "/", "http://slack").pathname;
    const here = `http://${req.headers.host ?? "localhost"}${prefix}`;
    if (path.startsWith("/client/")) {
      origin ||= here;
      return serveClient(board, req, res);
    }
    origin = here;
    if (path.startsWith("/api/")) return serveApi(desk, req, res);
    if (path.startsWith("/response/")) return serveResponse(desk, req, res);
    if (path.startsWith("/upload/")) return serveUpload(desk, req, res);
    sendJson(res, { ok: false, error: "not_found" }, { status: 404 });
  }

  return {
    async handle(req, res) {
      try {
        await route(req, res);
      } catch (error) {
        // A defect of the sandbox, not of who asked.
        console.error(`Slack workspace: ${req.method} ${req.url} failed`, error);
        sendJson(res, { ok: false, error: "fatal_error" }, { status: 500 });
      }
    },
    upgrade(req, socket, head) {
      const path = new URL(req.url ?? "/", "http://slack").pathname;
      if (path === "/client/events") return push.upgrade(req, socket, head);
      const { down, dropSocket } = faults.get();
      if (path !== "/socket" || down || dropSocket) return void socket.destroy();
      socketMode.upgrade(req, socket, head);
    },
    close() {
      clearInterval(ticker);
      stopEvents();
      queue.close();
      socketMode.close();
      push.close();
      return Promise.resolve();
    },
    faults,
    onRequest: (method, stage, hook) => hooks.on(method, stage, hook),
    setRateLimits: (mode) => limiter.set(mode),
    setRequestUrl(url) {
      link = url === null ? socketMode : signedHttp(state, url, timings);
      state.emit({ type: "app_reachable", reachable: link.isReachable() });
    },
    connections: () => socketMode.connections(),
    refreshConnections: () => socketMode.refresh(),
  };
}
