import type { IncomingMessage, ServerResponse } from "node:http";
import { useResponseUrl } from "../app/response-url.ts";
import type { Switchboard } from "../app/switchboard.ts";
import type { FaultInjector } from "../faults.ts";
import { firstPart, readBody, sendJson } from "../http.ts";
import type { RateLimiter } from "../rate-limit.ts";
import { SlackRefusal } from "../refusal.ts";
import type { ObservedRequest, RequestHooks } from "../request-hooks.ts";
import { apiMethods } from "./catalogue.ts";
import { receiveUpload } from "./files.ts";
import type { ApiMethod } from "./method.ts";

export interface ApiDesk {
  board: Switchboard;
  faults: FaultInjector;
  hooks: RequestHooks;
  limiter: RateLimiter;
  newSocketUrl(): string;
}

/** Bodies are forms or JSON; both give one flat record. */
async function readArgs(req: IncomingMessage): Promise<Record<string, unknown>> {
  const url = new URL(req.url ?? "/", "http://slack");
  const fromQuery = Object.fromEntries(url.searchParams);
  const body = (await readBody(req)).toString("utf8");
  if (!req.headers["content-type"]?.includes("json")) {
    return { ...fromQuery, ...Object.fromEntries(new URLSearchParams(body)) };
  }
  try {
    const parsed = JSON.parse(body === "" ? "{}" : body) as unknown;
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return { ...fromQuery, ...parsed };
  } catch (error) {
    throw new SlackRefusal("invalid_json", [String(error)]);
  }
  throw new SlackRefusal("json_not_object");
}

function tokenOf(req: IncomingMessage, args: Record<string, unknown>): string | undefined {
  const bearer = /^Bearer\s+(\S+)$/i.exec(req.headers.authorization ?? "")?.[1];
  return bearer ?? (typeof args["token"] === "string" ? args["token"] : undefined);
}

/** Slack knows exactly two tokens here: the bot's and the app-level one. */
function checkToken({ bot }: Switchboard["state"], method: ApiMethod, token: string | undefined): void {
  if (token === undefined) throw new SlackRefusal("not_authed");
  const kind = token === bot.token ? "bot" : token === bot.appToken ? "app" : undefined;
  if (kind === undefined) throw new SlackRefusal("invalid_auth");
  if (method.token !== "any" && method.token !== kind) throw new SlackRefusal("not_allowed_token_type");
}

function act(desk: ApiDesk, name: string, args: Record<string, unknown>, token: string | undefined): object {
  const { state } = desk.board;
  const method = apiMethods.get(name);
  if (method === undefined) throw new SlackRefusal("unknown_method", [], { req_method: name });
  checkToken(state, method, token);
  const scopes = new Set(state.manifest.oauth_config.scopes.bot);
  const missing = method.scopes.filter((scope) => !scopes.has(scope));
  if (missing.length > 0) {
    throw new SlackRefusal("missing_scope", [], {
      needed: missing.join(","),
      provided: [...scopes].join(","),
    });
  }
  return method.run(args, {
    state,
    board: desk.board,
    actor: state.bot.user,
    scopes,
    newSocketUrl: () => desk.newSocketUrl(),
  });
}

/** Slack answers refusals with HTTP 200 too. */
function refused(error: unknown): Record<string, unknown> {
  if (!(error instanceof SlackRefusal)) throw error;
  const { code, messages, fields } = error;
  return {
    ok: false,
    error: code,
    ...fields,
    ...(messages.length > 0
      ? { errors: messages.map((one) => one.replace("[ERROR] ", "")), response_metadata: { messages } }
      : {}),
  };
}

type Answer = Record<string, unknown>;

interface Exchange {
  desk: ApiDesk;
  req: IncomingMessage;
  res: ServerResponse;
  /** As hooks and faults know it. */
  name: string;
}

/** What came of acting on a request; `status` and `headers` where it is not a plain 200. */
interface Outcome {
  answer: Answer;
  status?: number;
  headers?: Record<string, string>;
}

/** Takes one request through faults and hooks around what `run` does with it. */
async function exchange(
  { desk, req, res, name }: Exchange,
  run: (args: Answer, forcedError: string | null) => Outcome,
): Promise<void> {
  const verdict = await desk.faults.judge(name);
  if (verdict.cut) return void res.destroy();
  if (verdict.status !== null) {
    const headers = { "retry-after": "1" };
    const error = verdict.status === 429 ? "ratelimited" : "internal_error";
    return sendJson(res, { ok: false, error }, { status: verdict.status, headers });
  }
  const request: ObservedRequest = { method: name, args: {} };
  let outcome: Outcome;
  try {
    request.args = name === "upload" ? {} : await readArgs(req);
    if (await desk.hooks.reach("received", request)) return void res.destroy();
    outcome = run(request.args, verdict.error);
  } catch (error) {
    outcome = { answer: refused(error) };
  }
  request.answer = outcome.answer;
  const isCut = await desk.hooks.reach("stored", request);
  if (isCut || verdict.loseResponse) return void res.destroy();
  const { answer, ...rest } = outcome;
  sendJson(res, answer, rest);
  await desk.hooks.reach("answered", request);
}

/** One call of `/api/<method>`. */
export function serveApi(desk: ApiDesk, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const name = new URL(req.url ?? "/", "http://slack").pathname.replace(/^\/api\//, "");
  return exchange({ desk, req, res, name }, (args, forcedError) => {
    const { channel } = args;
    const tier = apiMethods.get(name)?.tier ?? "none";
    const seconds = desk.limiter.take(name, tier, typeof channel === "string" ? channel : "");
    if (seconds !== null) {
      const headers = { "retry-after": String(seconds) };
      return { answer: { ok: false, error: "ratelimited" }, status: 429, headers };
    }
    if (forcedError !== null) throw new SlackRefusal(forcedError);
    const scopes = desk.board.state.manifest.oauth_config.scopes.bot.join(",");
    const answer = { ok: true, ...act(desk, name, args, tokenOf(req, args)) };
    return { answer, headers: { "x-oauth-scopes": scopes } };
  });
}

/** `/response/<team>/<id>`: a spent or unknown address is 404, a message Slack would refuse 400. */
export function serveResponse(desk: ApiDesk, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const id = (req.url ?? "").split("/").at(-1) ?? "";
  return exchange({ desk, req, res, name: "response_url" }, (args) => {
    try {
      useResponseUrl(desk.board.state, id, args);
      return { answer: { ok: true } };
    } catch (error) {
      const answer = refused(error);
      const isSpent = ["used_url", "expired_url", "invalid_url"].includes(String(answer["error"]));
      return { answer, status: isSpent ? 404 : 400 };
    }
  });
}

/** `/upload/<id>`: the bytes of a file, raw or as the first part of a form. */
export async function serveUpload(desk: ApiDesk, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const id = (req.url ?? "").split("/").at(-1) ?? "";
  const bytes = firstPart(await readBody(req), req.headers["content-type"] ?? "");
  return exchange({ desk, req, res, name: "upload" }, () => ({
    answer: { ok: true, received: receiveUpload(desk.board.state, id, bytes) },
  }));
}
