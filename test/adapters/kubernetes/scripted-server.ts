import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { createClusters, type ClustersOptions } from "../../../src/adapters/kubernetes/clusters.ts";
import type { Target } from "../../../src/domain/app.ts";
import type { Cluster, JsonObject } from "../../../src/engine/ports.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

interface Seen {
  method: string;
  url: URL;
  /** Name and value by turns, as they came over the wire. */
  rawHeaders: string[];
  body: string;
}

export interface ScriptedServer {
  url: string;
  seen: Seen[];
  /** As the one person the tests know. */
  cluster(options?: Partial<ClustersOptions>): Cluster;
  kubeconfig: string;
  close(): Promise<void>;
}

type Handler = (
  request: Seen & { number: number },
  response: ServerResponse,
  socket: Socket,
) => void | Promise<void>;

const person = { kind: "person", id: "U0ROBIN", name: "Robin" } as const;
export const target: Target = { cluster: "scripted", namespace: "shop", kind: "deployment", name: "api" };

/** An HTTP server that answers as the test says: for what no well-behaved API server does on request. */
export async function startScripted(handler: Handler): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const one = {
      method: request.method!,
      url: new URL(request.url!, "http://server"),
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    seen.push(one);
    await handler({ ...one, number: seen.length }, response, request.socket);
  }
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = kubeconfigFor(url, { token: "bot-token" });
  return {
    url,
    seen,
    kubeconfig,
    cluster: (options = {}) =>
      createClusters({
        kubeconfig,
        clusters: { scripted: { inCluster: false } },
        identities: { [person.id]: { user: "robin", groups: ["sre", "on-call"] } },
        version: "1.2.3",
        log: pino({ level: "silent" }),
        timeoutMs: 300,
        retry: { attempts: 3, firstDelayMs: 1 },
        ...options,
      }).as(person, "scripted"),
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export function kubeconfigFor(server: string, user: object, cluster: object = {}): string {
  const path = join(temporaryFolder(), "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "one",
    clusters: [{ name: "one", cluster: { server, ...cluster } }],
    users: [{ name: "one", user }],
    contexts: [{ name: "one", context: { cluster: "one", user: "one" } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

export function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function status(code: number, message: string, more: object = {}): object {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, message, ...more };
}

/** A Deployment as an API server sends it, with what the test is about. */
export function deployment(more: { metadata?: object; spec?: object; status?: object } = {}): JsonObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "api",
      namespace: "shop",
      uid: "uid-1",
      resourceVersion: "100",
      generation: 2,
      creationTimestamp: "2026-11-01T10:00:00Z",
      ...more.metadata,
    },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "api" } },
      template: {
        metadata: { labels: { app: "api" } },
        spec: { containers: [{ name: "api", image: "api:v1" }] },
      },
      ...more.spec,
    },
    status: { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, ...more.status },
  };
}
