import { setTimeout as sleep } from "node:timers/promises";
import type { RequestInfo } from "./request-info.ts";
import { StatusError } from "./status.ts";

/** How an API server misbehaves, for the panel and for tests. */
export interface FaultSettings {
  /** Connections are cut without an answer. */
  down: boolean;
  /** Milliseconds before each request is looked at. */
  delayMs: number;
  /** The next request like this gets this HTTP status and changes nothing. */
  failNext?: { verb?: string; resource?: string; status: number };
}

export interface Faults {
  readonly current: FaultSettings;
  /** Aborted when the server goes down: what is open is cut. Another one once it is back. */
  readonly outage: AbortSignal;
  /** Changes the named settings and leaves the others. */
  set(settings: Partial<FaultSettings>): void;
  /** Waits as set; says whether the connection is to be cut. */
  delay(signal: AbortSignal): Promise<"cut" | "serve">;
  /** Throws the StatusError of failNext when this is the request it waits for. */
  check(request: RequestInfo): void;
}

export function createFaults(): Faults {
  let current: FaultSettings = { down: false, delayMs: 0 };
  let outage = new AbortController();
  return {
    get current() {
      return current;
    },
    get outage() {
      return outage.signal;
    },
    set(settings) {
      current = { ...current, ...settings };
      if (current.down) outage.abort();
      else if (outage.signal.aborted) outage = new AbortController();
    },
    async delay(signal) {
      if (current.down) return "cut";
      if (current.delayMs > 0) await sleep(current.delayMs, undefined, { signal }).catch(() => undefined);
      return current.down || signal.aborted ? "cut" : "serve";
    },
    check(request) {
      const { failNext, ...rest } = current;
      if (!failNext) return;
      const { verb, resource, status } = failNext;
      if (verb && verb !== request.verb) return;
      if (resource && resource !== request.target?.plural) return;
      current = rest;
      const [reason, message] = reasons[status] ?? [
        "InternalError",
        "Internal error occurred: injected fault",
      ];
      throw new StatusError(status, reason, message, status === 429 ? { retryAfterSeconds: 1 } : undefined);
    },
  };
}

const reasons: Record<number, [reason: string, message: string]> = {
  403: ["Forbidden", "forbidden: injected fault"],
  409: ["Conflict", "Operation cannot be fulfilled: injected fault"],
  429: ["TooManyRequests", "the server is currently unable to handle the request, please try again later"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: ["Timeout", "Timeout: request did not complete within the allotted timeout"],
};
