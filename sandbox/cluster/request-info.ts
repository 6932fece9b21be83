import { kinds, reviewKinds } from "./kinds.ts";
import type { Kind } from "./kinds.ts";

/** The resource a request is about, as RBAC and the audit log see it. */
export interface Target {
  group: string;
  version: string;
  plural: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection; the lower-cased method off resources. */
  verb: string;
  path: string;
  target?: Target;
}

const namespaceSubresources = new Set(["status", "finalize"]);
const verbs: Record<string, string> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Reads method and path as the API server does before it authorizes. */
export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const target = targetOf(path);
  if (!target) return { verb: method.toLowerCase(), path };
  if (!target.name) {
    const selected = /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get("fieldSelector") ?? "")?.[1];
    if (selected && method === "GET") target.name = selected;
  }
  return { verb: verbOf(method, path, query), path, target };
}

function verbOf(method: string, path: string, query: URLSearchParams): string {
  const verb = verbs[method] ?? method.toLowerCase();
  if (targetOf(path)?.name) return verb;
  if (verb === "delete") return "deletecollection";
  if (verb !== "get") return verb;
  return isTrue(query.get("watch")) ? "watch" : "list";
}

/** Query flags are true when given without a value, as "1" and as "true". */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

function targetOf(path: string): Target | undefined {
  const parts = path.split("/").filter(Boolean).map(decodePart);
  const [root, ...rest] = parts;
  if (root === "api") return build("", rest);
  if (root === "apis" && rest[0]) return build(rest[0], rest.slice(1));
  return undefined;
}

function build(group: string, [version, ...rest]: string[]): Target | undefined {
  if (!version || rest.length === 0) return undefined;
  const [first = "", second, third] = rest;
  const inNamespace = first === "namespaces" && second && third && !namespaceSubresources.has(third);
  const [plural = "", name, ...sub] = inNamespace ? rest.slice(2) : rest;
  const namespace = inNamespace || (first === "namespaces" && second) ? second : undefined;
  return {
    group,
    version,
    plural,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(sub.length > 0 && { subresource: sub.join("/") }),
  };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The served kind a request names; undefined: no such resource. */
export function kindOf(target: Pick<Target, "group" | "version" | "plural">): Kind | undefined {
  return [...kinds, ...reviewKinds].find(
    (kind) => kind.group === target.group && kind.version === target.version && kind.plural === target.plural,
  );
}
