import type { Call } from "./http.ts";
import type { Kind } from "./kinds.ts";
import { fieldSelector, labelSelector } from "./selectors.ts";
import type { Selector } from "./selectors.ts";
import { badRequest, StatusError } from "./status.ts";
import type { KubeObject, Store } from "./store.ts";

export interface Page {
  items: KubeObject[];
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

interface ContinueToken {
  v: "meta.k8s.io/v1";
  rv: number;
  start: string;
}

/** The objects a list or watch is about: its namespace, labels and fields. */
export function selection(kind: Kind, call: Pick<Call, "query" | "target">): Selector {
  const labels = labelSelector(call.query.get("labelSelector"));
  const fields = fieldSelector(kind.plural, call.query.get("fieldSelector"));
  const { namespace } = call.target ?? {};
  return (object) =>
    (!namespace || !kind.namespaced || object.metadata.namespace === namespace) &&
    (labels?.(object) ?? true) &&
    (fields?.(object) ?? true);
}

/** One page of a list: later pages show the state of the first. Throws StatusError 400, 410 or 504. */
export function listPage(store: Store, kind: Kind, call: Pick<Call, "query" | "target">): Page {
  const { query } = call;
  const token = query.get("continue");
  const asked = parseVersion(query.get("resourceVersion"));
  const current = Number(store.resourceVersion);
  checkNotAhead(store, asked);
  const resume = token ? decodeToken(token) : undefined;
  const exact = query.get("resourceVersionMatch") === "Exact" ? asked : undefined;
  const version = resume?.rv ?? exact ?? current;

  const matches = selection(kind, call);
  const wanted = (object: KubeObject): boolean =>
    matches(object) && (!resume || keyOf(object) >= resume.start);
  const left = objectsAt(store, { plural: kind.plural, version }, wanted);
  if (!left)
    throw resume
      ? expiredToken()
      : new StatusError(410, "Expired", "The resourceVersion for the provided list is too old.");
  const limit = Number(query.get("limit") ?? 0) || left.length;
  const next = left[limit];
  if (!next) return { items: left, resourceVersion: String(version) };
  const selective = Boolean(query.get("labelSelector") ?? query.get("fieldSelector"));
  return {
    items: left.slice(0, limit),
    resourceVersion: String(version),
    continue: encodeToken({ v: "meta.k8s.io/v1", rv: version, start: keyOf(next) }),
    ...(!selective && { remainingItemCount: left.length - limit }),
  };
}

/** Throws StatusError 500 for what is no version, as the API server does. */
export function parseVersion(value: string | null): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value);
  const quoted = JSON.stringify(value);
  throw new StatusError(
    500,
    "",
    `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}

/** What of interest the store held at a version: today's objects with the later events taken back. */
function objectsAt(
  store: Store,
  { plural, version }: { plural: string; version: number },
  wanted: (object: KubeObject) => boolean,
): KubeObject[] | undefined {
  const events = store.eventsSince(plural, version);
  if (!events) return undefined;
  if (events.length === 0) return store.list(plural, undefined, wanted);
  const objects = new Map(store.list(plural).map((object) => [keyOf(object), object]));
  for (const event of events.toReversed()) {
    if (event.previous) objects.set(keyOf(event.object), structuredClone(event.previous));
    else objects.delete(keyOf(event.object));
  }
  return [...objects.keys()]
    .sort()
    .map((key) => objects.get(key)!)
    .filter(wanted);
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function encodeToken(token: ContinueToken): string {
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function decodeToken(text: string): ContinueToken {
  try {
    const token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as ContinueToken;
    if (token.v === "meta.k8s.io/v1" && Number.isInteger(token.rv) && typeof token.start === "string")
      return token;
  } catch {
    // Said below, with the cases that parse but are no token of ours.
  }
  throw badRequest("invalid continue token: continue key is not valid");
}

function expiredToken(): StatusError {
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";
  return new StatusError(410, "Expired", message);
}

/** A version nobody has seen yet, as after a restart of the cluster: throws StatusError 504, as the API server. */
export function checkNotAhead(store: Store, asked: number | undefined): void {
  const current = Number(store.resourceVersion);
  if (asked === undefined || asked <= current) return;
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  const why = { reason: "ResourceVersionTooLarge", message: "Too large resource version" };
  throw new StatusError(504, "Timeout", message, { causes: [why], retryAfterSeconds: 1 });
}
