import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Identity } from "../../../sandbox/cluster/auth.ts";
import type { KubeObject } from "../../../sandbox/cluster/object.ts";
import { createCluster } from "../../../sandbox/cluster/server.ts";
import type { Cluster } from "../../../sandbox/cluster/server.ts";
import { createStore } from "../../../sandbox/cluster/store.ts";

interface Response {
  code: number;
  type: string;
  text: string;
  /** The body read as JSON, with unknown fields at hand. */
  json: Record<string, never> & { [field: string]: never };
}

export interface RequestOptions {
  headers?: Record<string, string | string[]>;
  /** An object goes as JSON, a string as it is. */
  body?: unknown;
  patch?: "json" | "merge" | "strategic-merge";
}

export interface Api {
  url: string;
  cluster: Cluster;
  call: (method: string, path: string, options?: RequestOptions) => Promise<Response>;
}

const identities: Identity[] = [
  { token: "ada-token", user: "ada", groups: ["team"] },
  { token: "bot-token", user: "system:serviceaccount:crai:crai", groups: ["system:serviceaccounts"] },
];

/** An API server of the test's own over a real socket, without controllers; ends with the test. */
export async function startApi(
  options: { history?: number; now?: () => Date; bookmarkEvery?: number } = {},
): Promise<Api> {
  const { history, now = () => new Date(), bookmarkEvery } = options;
  const store = createStore(history === undefined ? {} : { history });
  const cluster = createCluster({ store, identities, now, ...(bookmarkEvery && { bookmarkEvery }) });
  const server = createServer((req, res) => void cluster.handle(req, res));
  server.on("upgrade", (req, socket, head) => cluster.upgrade(req, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await cluster.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, cluster, call: (method, path, asked) => send(url + path, method, asked) };
}

/** One request; unlike fetch it sends a header several times when its value is a list. */
function send(url: string, method: string, options: RequestOptions = {}): Promise<Response> {
  const body = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  const type = options.patch ? `application/${options.patch}-patch+json` : "application/json";
  const headers = {
    "user-agent": "tester/1.0",
    ...(body !== undefined && { "content-type": type, "content-length": String(Buffer.byteLength(body)) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers }, (res) => {
      let text = "";
      res.setEncoding("utf8");
      res.on("data", (chunk: string) => (text += chunk));
      res.on("error", reject);
      res.on("end", () => {
        const contentType = res.headers["content-type"] ?? "";
        const json =
          contentType.includes("json") && text.trim().split("\n").length === 1 ? JSON.parse(text) : {};
        resolve({ code: res.statusCode ?? 0, type: contentType, text, json });
      });
    });
    req.on("error", reject);
    req.end(body);
  });
}

export const by = { manager: "test", now: new Date("2026-03-01T12:00:00Z") };

export function deployment(name: string, image = "web:v1"): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default", labels: { app: name } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "web", image, env: [{ name: "A", value: "1" }] }] },
      },
    },
  };
}

export function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

export const deployments = "/apis/apps/v1/namespaces/default/deployments";
export const configMaps = "/api/v1/namespaces/default/configmaps";
