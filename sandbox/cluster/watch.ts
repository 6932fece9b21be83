import type { ResourceCall } from "./http.ts";
import { apiVersionOf } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import { checkNotAhead, parseVersion, selection } from "./list.ts";
import { isTrue } from "./request-info.ts";
import type { Selector } from "./selectors.ts";
import { cause, invalid, StatusError } from "./status.ts";
import type { KubeObject, Store, WatchEvent } from "./store.ts";

/** Refuses options of a watch that do not go together, before it begins: StatusError 400, 422 or 500. */
export function checkWatch(kind: Kind, call: ResourceCall): void {
  selection(kind, call);
  parseVersion(call.query.get("resourceVersion"));
  const { query } = call;
  if (!query.has("sendInitialEvents") || query.get("resourceVersionMatch") === "NotOlderThan") return;
  const message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
  const options = { group: "meta.k8s.io", kind: "ListOptions" };
  throw invalid(options, "", [cause("resourceVersionMatch", "Forbidden", message)]);
}

/** Turns an object into what the client asked for: itself, a Table of one row, its metadata. */
export type Shape = (object: KubeObject, first: boolean) => object;

export interface WatchSetup {
  store: Store;
  kind: Kind;
  shape: Shape;
  /** Milliseconds between bookmarks. */
  bookmarkEvery: number;
}

interface Line {
  type: string;
  object: object;
}

/**
 * The lines of a watch: what is there (when no version or 0 is asked, or sendInitialEvents), then every event
 * after. A version that is forgotten gives one ERROR event, 410 Expired, and the end.
 */
export async function* watchLines(setup: WatchSetup, call: ResourceCall): AsyncGenerator<string> {
  const { store, kind, shape } = setup;
  const matches = selection(kind, call);
  const queue: Line[] = [];
  let wake = () => {};
  let sent = 0;

  function push(line: Line): void {
    queue.push(line);
    wake();
  }
  function pushObject(type: string, object: KubeObject): void {
    push({ type, object: shape(object, sent === 0) });
    sent += 1;
  }

  const bookmarks = isTrue(call.query.get("allowWatchBookmarks"));
  const backlog = opening(setup, call, matches);
  const timeout = timeoutOf(call.query);
  const ending = AbortSignal.any([call.signal, AbortSignal.timeout(timeout)]);
  const unsubscribe = store.onEvent((plural, event) => {
    if (plural !== kind.plural) return;
    const seen = asSeen(event, matches);
    if (seen) pushObject(seen.type, seen.object);
  });
  const ticking = bookmarks ? setInterval(() => push(bookmark(setup)), setup.bookmarkEvery) : undefined;
  ticking?.unref();
  ending.addEventListener("abort", () => wake(), { once: true });

  try {
    for (const line of backlog) {
      if (line.type === "ERROR") return yield text(line);
      if (line.type === "BOOKMARK") push(line);
      else pushObject(line.type, line.object as KubeObject);
    }
    while (!ending.aborted) {
      const line = queue.shift();
      if (line) {
        yield text(line);
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (bookmarks && !call.signal.aborted) yield text(bookmark(setup));
  } finally {
    clearInterval(ticking);
    unsubscribe();
  }
}

function text(line: Line): string {
  return `${JSON.stringify(line)}\n`;
}

/** What a watch starts with, before anything new happens. */
function opening({ store, kind }: WatchSetup, call: ResourceCall, matches: Selector): Line[] {
  const since = parseVersion(call.query.get("resourceVersion"));
  const initial = isTrue(call.query.get("sendInitialEvents"));
  try {
    checkNotAhead(store, since);
  } catch (error) {
    if (error instanceof StatusError) return [{ type: "ERROR", object: error.status }];
    throw error;
  }
  if (!since || initial) {
    const there = store.list(kind.plural).filter(matches);
    const lines: Line[] = there.map((object) => ({ type: "ADDED", object }));
    return initial ? [...lines, initialEnd(kind, store.resourceVersion)] : lines;
  }
  const missed = store.eventsSince(kind.plural, since);
  if (!missed) {
    const message = `too old resource version: ${since} (${store.resourceVersion})`;
    return [{ type: "ERROR", object: new StatusError(410, "Expired", message).status }];
  }
  return missed.map((event) => asSeen(event, matches)).filter((event) => event !== undefined);
}

/** An event through a selector: an object that begins to match is added, one that no longer does is deleted. */
function asSeen(event: WatchEvent, matches: Selector): { type: string; object: KubeObject } | undefined {
  const { type, object, previous } = event;
  const before = previous !== undefined && matches(previous);
  if (type === "DELETED") return before ? { type, object } : undefined;
  if (matches(object)) return { type: before ? "MODIFIED" : "ADDED", object };
  if (!before) return undefined;
  const metadata = { ...previous.metadata, resourceVersion: event.resourceVersion };
  return { type: "DELETED", object: { ...previous, metadata } };
}

function bookmark({ kind, store }: WatchSetup): Line {
  return bookmarkOf(kind, { resourceVersion: store.resourceVersion });
}

function initialEnd(kind: Kind, resourceVersion: string): Line {
  return bookmarkOf(kind, { resourceVersion, annotations: { "k8s.io/initial-events-end": "true" } });
}

function bookmarkOf(kind: Kind, metadata: object): Line {
  const object = {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { ...metadata, creationTimestamp: null },
  };
  return { type: "BOOKMARK", object };
}

/** Milliseconds until the server ends the watch; half an hour when the client does not say. */
function timeoutOf(query: URLSearchParams): number {
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  return (seconds > 0 ? seconds : 1800) * 1000;
}
