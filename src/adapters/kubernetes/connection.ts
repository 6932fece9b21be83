import { createHash } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import https, { type RequestOptions } from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { WebSocket } from "ws";

export interface HttpRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With query. */
  path: string;
  headers: Readonly<Record<string, string | string[]>>;
  body?: string;
}

/** Sends requests to one API server with the credentials of its kubeconfig. */
export interface Connection {
  /** Resolves with the head of the answer; rejects with whatever the network said, or when the signal aborts. */
  open(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage>;
  /**
   * Opens a WebSocket, or resolves with the answer of a server that does not; rejects like `open`. It is paused, so that
   * nothing that came with the handshake is lost: whoever listens resumes it.
   */
  upgrade(
    request: Pick<HttpRequest, "path" | "headers"> & { protocols: readonly string[] },
    signal: AbortSignal,
  ): Promise<WebSocket | { status: number; body: string }>;
}

/**
 * Shorter than any load balancer's patience: a socket that the other side has given up would lose a PATCH, and a lost
 * PATCH is never sent again without looking.
 */
const idleSocketMs = 15_000;

const tlsFields = ["ca", "cert", "key", "pfx", "passphrase", "rejectUnauthorized", "servername"] as const;
type TlsOptions = Pick<RequestOptions, (typeof tlsFields)[number]>;

/** One keep-alive agent for as long as the certificates stay the same; rotated ones get a new agent. */
function createAgents(secure: boolean): (options: RequestOptions) => http.Agent {
  let current: { key: string; agent: http.Agent } | undefined;
  return (options) => {
    const tls = Object.fromEntries(
      tlsFields.filter((field) => options[field] !== undefined).map((field) => [field, options[field]]),
    ) as TlsOptions;
    const key = createHash("sha256").update(JSON.stringify(tls)).digest("hex");
    if (current?.key === key) return current.agent;
    current?.agent.destroy();
    const keepAlive = { keepAlive: true, timeout: idleSocketMs };
    current = {
      key,
      agent: secure ? new https.Agent({ ...keepAlive, ...tls }) : new http.Agent(keepAlive),
    };
    return current.agent;
  };
}

/** Header values are bytes to Node; Kubernetes reads user and group names as UTF-8. */
function headerValue(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}

function encoded(headers: HttpRequest["headers"]): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(headerValue) : headerValue(value),
    ]),
  );
}

/** Rejects when the signal aborts, even if what is waited for (an exec plugin) never ends. */
async function within<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Our own transport below client-node's authentication: its calls have no deadline, and fetch joins several
 * Impersonate-Group headers into one bogus group.
 */
export function connect(config: KubeConfig): Connection {
  const cluster = config.getCurrentCluster();
  const base = new URL(cluster?.server ?? "");
  const secure = base.protocol === "https:";
  const agentFor = createAgents(secure);
  const prefix = base.pathname.replace(/\/$/, "");

  return {
    async open(request, signal) {
      const options: RequestOptions = {};
      await within(config.applyToHTTPSOptions(options), signal);
      const given = options.headers as Record<string, string> | undefined;
      // Node gives the body of a DELETE no length, and the server would read it as the next request.
      const length =
        request.body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(request.body)) };
      const headers = encoded({ ...given, ...request.headers, ...length });
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const sent = (secure ? https : http).request(
        new URL(`${base.origin}${prefix}${request.path}`),
        {
          ...options,
          method: request.method,
          headers,
          signal,
          // client-node's own agent knows the proxy, but keeps no socket alive and no rotated certificate.
          agent: cluster?.proxyUrl ? options.agent : agentFor(options),
        },
        resolve,
      );
      sent.on("error", reject);
      sent.end(request.body);
      return promise;
    },

    async upgrade({ path, headers, protocols }, signal) {
      const options: RequestOptions = {};
      await within(config.applyToHTTPSOptions(options), signal);
      const tls = Object.fromEntries(tlsFields.map((field) => [field, options[field]]));
      const given = options.headers as Record<string, string> | undefined;
      const socket = new WebSocket(`${base.origin.replace(/^http/, "ws")}${prefix}${path}`, [...protocols], {
        ...tls,
        // An agent of its own: a socket that was upgraded never goes back to those kept alive.
        ...(cluster?.proxyUrl ? { agent: options.agent as http.Agent } : {}),
        headers: encoded({ ...given, ...headers }) as Record<string, string>,
        perMessageDeflate: false,
      });
      const { promise, resolve, reject } = Promise.withResolvers<
        WebSocket | { status: number; body: string }
      >();
      const stop = (): void => socket.terminate();
      signal.addEventListener("abort", stop, { once: true });
      socket.once("open", () => {
        socket.pause();
        resolve(socket);
      });
      socket.once("error", reject);
      socket.once("unexpected-response", (_, answer) => {
        readBody(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
      });
      try {
        return await promise;
      } finally {
        signal.removeEventListener("abort", stop);
      }
    },
  };
}

export async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
