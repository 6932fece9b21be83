import { Agent, request as httpsRequest } from "node:https";
import { request as httpRequest } from "node:http";
import type { ApiCase } from "./api-case.ts";

/** Where requests go: the practice cluster, or a control plane with its token. */
export interface ApiTarget {
  url: string;
  token?: string;
}

/** An answer without what is random or depends on the moment. */
export interface Answer {
  code: number;
  type: string;
  body: unknown;
}

const agent = new Agent({ rejectUnauthorized: false });

export function ask(
  target: ApiTarget,
  { method, path, headers, body, managers = false }: Omit<ApiCase, "name">,
): Promise<Answer> {
  const url = new URL(target.url + path);
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const sent = {
    accept: "application/json",
    "user-agent": "contract/1",
    ...(target.token && { authorization: `Bearer ${target.token}` }),
    ...(text !== undefined && {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(text)),
    }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const options = { method, headers: sent, ...(secure && { agent }) };
    const req = (secure ? httpsRequest : httpRequest)(url, options, (res) => {
      let answer = "";
      res.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk));
      res.on("error", reject).on("end", () => {
        const type = res.headers["content-type"] ?? "";
        const code = res.statusCode ?? 0;
        const value = type.startsWith("application/json") ? parsed(answer, code === 201 || managers) : answer;
        resolve({ code, type, body: comparable(value) });
      });
    });
    req.on("error", reject).end(text);
  });
}

/** Who manages which field is compared of new objects and where it is asked for: else it is the controllers' too. */
function parsed(answer: string, withManagers: boolean): unknown {
  const value = JSON.parse(answer, (name, inner: unknown) => {
    if (name === "causes") return inOrder(inner as Cause[]);
    if (name !== "managedFields") return inner;
    return withManagers ? people(inner as { manager: string }[]) : undefined;
  }) as { kind?: string; metadata?: { managedFields?: unknown } };
  if (value.kind?.endsWith("Review")) delete value.metadata?.managedFields;
  return value;
}

interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** A control plane tells conflicts of several managers in any order. */
function inOrder(causes: Cause[]): Cause[] {
  const key = ({ message, field }: Cause): string => message + field;
  const conflicts = causes.every(({ reason }) => reason === "FieldManagerConflict");
  return conflicts ? causes.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) : causes;
}

/** In an order that does not depend on the seconds in which they wrote. */
function people<T extends { manager: string }>(entries: T[]): T[] {
  const own = entries.filter(({ manager }) => manager !== "kube-controller-manager");
  return own.toSorted((a, b) => (a.manager < b.manager ? -1 : 1));
}

const variable: Record<string, string> = { uid: "<uid>", resourceVersion: "<version>" };
/** Written by a control plane's controllers, which the practice cluster's API server runs without here. */
const controllers = new Set(["deployment.kubernetes.io/revision", "generation"]);

function comparable(value: unknown, field = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (typeof value === "string") {
    if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return "<time>";
    return variable[field] ?? value.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uid>");
  }
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name, inner]) => !isControllers(name, inner));
  kept.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept.map(([name, inner]) => [name, comparable(inner, name)]));
}

function isControllers(name: string, inner: unknown): boolean {
  if (controllers.has(name)) return true;
  const reported = name === "status" && typeof inner === "object" && inner !== null;
  if (reported) return !("allowed" in inner) && !("userInfo" in inner) && !("selector" in inner);
  return name === "annotations" && Object.keys(inner as object).every((key) => controllers.has(key));
}
