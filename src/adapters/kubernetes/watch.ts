import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import type { Api } from "./api.ts";
import { Expired } from "./refusals.ts";
import type { Call } from "./resource-path.ts";

export interface Watched {
  call: Call;
  query: Readonly<Record<string, string>>;
  /** The resourceVersion that is already known. */
  since: string;
}

/** A watch that says nothing for so long may be dead without a sign: a new one costs one request. */
const idleMs = 30_000;
/** Asked of the server, so that a forgotten watch ends there as well. */
const longestSeconds = "300";
/** How long to wait before the caller looks again where no watch can be had. */
const pollMs = 1000;
/** ms between broken watches: 200, 400, 800, then the caller looks by itself. */
const firstDelayMs = 200;
const brokenAtMost = 3;

const Event = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.object({
    metadata: z.object({ resourceVersion: z.string().optional() }).optional(),
    code: z.int().optional(),
    message: z.string().optional(),
  }),
});

async function* lines(chunks: AsyncIterable<string>, heard: () => void): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    heard();
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((part) => part.trim() !== "");
  }
}

/** Reads one watch to its first change (undefined), or to its end: then the version to go on from. */
async function watchOnce(api: Api, watched: Watched, signal: AbortSignal): Promise<string | undefined> {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), idleMs);
  let version = watched.since;
  try {
    const query = {
      ...watched.query,
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: longestSeconds,
      resourceVersion: version,
    };
    const answer = await api.stream(watched.call, query, AbortSignal.any([signal, idle.signal]));
    answer.setEncoding("utf8");
    for await (const line of lines(answer, () => timer.refresh())) {
      const { type, object } = Event.parse(JSON.parse(line));
      if (type === "ERROR")
        throw object.code === 410 ? new Expired(object.message) : new Error(object.message);
      if (type !== "BOOKMARK") return undefined;
      version = object.metadata?.resourceVersion ?? version;
    }
  } catch (error) {
    if (!idle.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return version;
}

/** Ends early, without an error, when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * Resolves at the next change, when the signal aborts, or when the caller had better look by itself: no right to watch,
 * a version the server has forgotten, a connection that keeps breaking. Never rejects.
 */
export async function nextChange(api: Api, watched: Watched, signal: AbortSignal): Promise<void> {
  let since = watched.since;
  let broken = 0;
  while (!signal.aborted && broken < brokenAtMost) {
    try {
      const version = await watchOnce(api, { ...watched, since }, signal);
      if (version === undefined) return;
      since = version;
      broken = 0;
      await pause(firstDelayMs, signal);
    } catch (error) {
      if (error instanceof Expired || isUserError(error)) return pause(pollMs, signal);
      await pause(firstDelayMs * 2 ** broken++, signal);
    }
  }
}
