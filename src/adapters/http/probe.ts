import type { HttpProbe, Json } from "../../engine/ports.ts";

/** Bytes of an answer that are read; more is no report of a few figures. */
const mostBytes = 256 * 1024;

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** The body as text; null: it is longer than anybody may make crai read. */
async function bounded(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > mostBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Looks at a URL as a load balancer would: one GET, no redirects, the status decides. */
export function createHttpProbe(): HttpProbe {
  const ask = (url: string, timeoutMs: number): Promise<Response> =>
    fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
  return {
    async get(url, timeoutMs) {
      try {
        const response = await ask(url, timeoutMs);
        await response.body?.cancel();
        return { ok: response.ok, status: response.status, detail: `${response.status} from ${url}` };
      } catch (error) {
        return { ok: false, status: null, detail: `no answer from ${url}: ${whyNot(error)}` };
      }
    },

    async json(url, timeoutMs) {
      try {
        const response = await ask(url, timeoutMs);
        if (!response.ok) {
          await response.body?.cancel();
          return { ok: false, detail: `${response.status} from ${url}` };
        }
        const text = await bounded(response);
        if (text === null) return { ok: false, detail: `${url} answers with more than ${mostBytes} bytes` };
        return { ok: true, body: JSON.parse(text) as Json };
      } catch (error) {
        const why = error instanceof SyntaxError ? "it is no JSON" : whyNot(error);
        return { ok: false, detail: `no answer from ${url}: ${why}` };
      }
    },
  };
}
