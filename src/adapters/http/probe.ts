import type { HttpProbe } from "../../engine/ports.ts";

/** Looks at a health URL as a load balancer would: one GET, no redirects, the status decides. */
export function createHttpProbe(): HttpProbe {
  return {
    async get(url, timeoutMs) {
      try {
        const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
        await response.body?.cancel();
        return { ok: response.ok, status: response.status, detail: `${response.status} from ${url}` };
      } catch (error) {
        const why =
          error instanceof Error
            ? error.cause instanceof Error
              ? error.cause.message
              : error.message
            : String(error);
        return { ok: false, status: null, detail: `no answer from ${url}: ${why}` };
      }
    },
  };
}
