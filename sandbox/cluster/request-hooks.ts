import { actingUser } from "./http.ts";
import type { Call } from "./http.ts";
import type { RequestInfo } from "./request-info.ts";

/** A moment of a request that a test can wait for or act on. */
export interface RequestHook extends RequestInfo {
  /** received: nothing was done yet. answered: it was carried out, and no byte of the answer has left. */
  phase: "received" | "answered";
  method: string;
  uri: string;
  /** The user the request acts as. */
  user: string;
  /** The HTTP status, once answered. */
  code?: number;
}

/** "cut": close the connection without an answer; from `received`, nothing is done either. */
type Verdict = "cut" | undefined | void;
export type RequestListener = (hook: RequestHook) => Verdict | Promise<Verdict>;

export interface RequestHooks {
  /** Called at both phases of every request, which waits for it; returns how to stop. */
  on(listener: RequestListener): () => void;
  /** True when a listener wants the request cut. */
  reach(call: Call, phase: RequestHook["phase"], code?: number): Promise<boolean>;
}

export function createRequestHooks(): RequestHooks {
  const listeners = new Set<RequestListener>();
  return {
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async reach(call, phase, code) {
      const { verb, path, target, method, uri, caller } = call;
      const user = actingUser(caller).name;
      let cut = false;
      for (const listener of listeners) {
        const hook = {
          phase,
          verb,
          path,
          method,
          uri,
          user,
          ...(target && { target }),
          ...(code && { code }),
        };
        if ((await listener(hook)) === "cut") cut = true;
      }
      return cut;
    },
  };
}
