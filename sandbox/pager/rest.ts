import type { IncomingMessage } from "node:http";
import { readJson } from "../http.ts";
import { priorities, tokens, type User, users } from "./account.ts";
import type { Incidents } from "./incidents.ts";
import type { Shapes } from "./shapes.ts";
import type { Webhooks } from "./webhooks.ts";

/** PagerDuty's error body. Codes are from its "Errors" page. */
export class PagerError extends Error {
  override name = "PagerError";
  status: number;
  code: number;
  errors: string[];

  constructor(status: number, code: number, message: string, errors: string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export function notFound(): PagerError {
  return new PagerError(404, 2100, "Not Found");
}

export function invalid(...errors: string[]): PagerError {
  return new PagerError(400, 2001, "Invalid Input Provided", errors);
}

/** One REST call, already authorized. */
export interface Call {
  method: string;
  path: string[];
  query: URLSearchParams;
  /** The token's user, or null for an account's key. */
  tokenUser: User | null;
  /** The user of the `From` header, or of the token. @throws {PagerError} when neither names one. */
  requester(): User;
  body(): Promise<unknown>;
}

export interface Answer {
  status: number;
  body?: unknown;
}

/** A route's handler; `[]` segments of its path arrive as `ids` in order. */
type Handler = (call: Call, ids: string[]) => Answer | Promise<Answer>;
export type Routes = Record<string, Handler>;

export interface RouteContext {
  incidents: Incidents;
  webhooks: Webhooks;
  shapes: Shapes;
  clock: () => number;
}

function tokenUser(header: string | undefined): User | "account" {
  const token = /^(?:Token token=|Bearer )(.+)$/.exec(header ?? "")?.[1];
  const owner = token === undefined ? undefined : tokens.get(token);
  // A wrong token is answered in plain words, not in the error body of the other failures.
  if (!owner) throw new PagerError(401, 2006, "HTTP Token: Access denied.");
  return owner;
}

export function callOf(req: IncomingMessage, url: URL): Call {
  const owner = tokenUser(req.headers.authorization);
  const user = owner === "account" ? null : owner;
  return {
    method: req.method ?? "GET",
    path: url.pathname.split("/").filter(Boolean).map(decodeURIComponent),
    query: url.searchParams,
    tokenUser: user,
    requester() {
      const from = req.headers["from"];
      if (from === undefined) {
        if (user) return user;
        throw new PagerError(
          400,
          2016,
          'You must specify a user\'s email address in the "From" header to perform this action.',
        );
      }
      if (!/^[^@\s]+@[^@\s]+$/.test(from)) throw new PagerError(400, 1028, 'Malformed "From" header');
      const found = users.find((candidate) => candidate.email.toLowerCase() === from.toLowerCase());
      if (!found) throw new PagerError(400, 1008, "Requester User Not Found");
      return found;
    },
    body: () => readJson(req),
  };
}

/** Offset pagination as PagerDuty's: `limit` 25 unless told and 100 at most, `total` only on request. */
export function page<Item>(query: URLSearchParams, name: string, items: readonly Item[]) {
  const limit = number(query, "limit", 25, 100);
  const offset = number(query, "offset", 0, 9_999);
  if (limit + offset > 10_000) throw invalid("Offset plus limit must be at most 10000.");
  return {
    [name]: items.slice(offset, offset + limit),
    limit,
    offset,
    more: offset + limit < items.length,
    total: query.get("total") === "true" ? items.length : null,
  };
}

function number(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw invalid(`${name} must be a whole number up to ${max}.`);
  return value;
}

/** `name[]=a&name[]=b`, as PagerDuty spells lists. */
export function list(query: URLSearchParams, name: string): string[] {
  return query.getAll(`${name}[]`);
}

/** @throws {PagerError} for an id that is no priority of the account. */
export function priorityId(given: { id: string } | null | undefined): string | null | undefined {
  if (given === undefined || given === null) return given;
  if (!priorities.some(({ id }) => id === given.id)) throw new PagerError(400, 1020, "Invalid Priority");
  return given.id;
}

/** Runs a zod schema over a body; what it finds becomes PagerDuty's list of errors. */
export async function parse<Output>(
  call: Call,
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: Output }
      | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
  },
): Promise<Output> {
  const parsed = schema.safeParse(await call.body());
  if (parsed.success) return parsed.data;
  throw invalid(...parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`));
}
