import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** Reads JSON from a Kubernetes API server, the practice cluster's or a real one's. */
export type KubeReader = (
  path: string,
  options?: { method?: "PATCH"; body?: unknown; headers?: Record<string, string> },
) => Promise<unknown>;

export interface KubeAccess {
  server: string;
  token?: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  insecure?: boolean;
}

/** An answer other than 2xx; `status` is HTTP's. */
export class KubeRefusal extends Error {
  override name = "KubeRefusal";
  status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function kubeReader(access: KubeAccess): KubeReader {
  const base = access.server.replace(/\/$/, "");
  const send = base.startsWith("https:") ? requestHttps : requestHttp;
  return (path, { method, body, headers } = {}) =>
    new Promise((done, fail) => {
      const req = send(`${base}${path}`, {
        method: method ?? "GET",
        headers: {
          accept: "application/json",
          ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
          ...headers,
        },
        ...(access.ca === undefined ? {} : { ca: access.ca }),
        ...(access.cert === undefined ? {} : { cert: access.cert }),
        ...(access.key === undefined ? {} : { key: access.key }),
        rejectUnauthorized: access.insecure !== true,
        timeout: 5_000,
      });
      req.on("timeout", () => req.destroy(new Error(`${base} did not answer within 5 s`)));
      req.on("error", fail);
      req.on("response", (res) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("error", fail);
        res.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = res.statusCode ?? 0;
          if (status < 200 || status > 299)
            fail(new KubeRefusal(status, `${status} for ${path}: ${text.slice(0, 300)}`));
          else done(JSON.parse(text));
        });
      });
      req.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

const data = z.string().optional();
const Kubeconfig = z.object({
  "current-context": z.string(),
  contexts: z.array(
    z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: z.string() }) }),
  ),
  clusters: z.array(
    z.object({
      name: z.string(),
      cluster: z.object({
        server: z.string(),
        "certificate-authority": data,
        "certificate-authority-data": data,
        "insecure-skip-tls-verify": z.boolean().optional(),
      }),
    }),
  ),
  users: z.array(
    z.object({
      name: z.string(),
      user: z.object({
        token: data,
        "client-certificate": data,
        "client-certificate-data": data,
        "client-key": data,
        "client-key-data": data,
      }),
    }),
  ),
});

/** The current context of a kubeconfig. @throws when the file, or a name in it, is missing. */
export function accessOf(file: string): KubeAccess & { context: string } {
  const config = Kubeconfig.parse(parse(readFileSync(file, "utf8")));
  const wanted = config["current-context"];
  const chosen = config.contexts.find(({ name }) => name === wanted)?.context;
  const cluster = config.clusters.find(({ name }) => name === chosen?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === chosen?.user)?.user;
  if (!cluster || !user) throw new Error(`${file} has no complete context "${wanted}".`);
  const bytes = (inline: string | undefined, path: string | undefined) => {
    if (inline !== undefined) return Buffer.from(inline, "base64");
    return path === undefined ? undefined : readFileSync(resolve(dirname(file), path));
  };
  const ca = bytes(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const cert = bytes(user["client-certificate-data"], user["client-certificate"]);
  const key = bytes(user["client-key-data"], user["client-key"]);
  return {
    context: wanted,
    server: cluster.server,
    insecure: cluster["insecure-skip-tls-verify"] === true,
    ...(user.token === undefined ? {} : { token: user.token }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
