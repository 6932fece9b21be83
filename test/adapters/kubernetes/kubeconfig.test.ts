import { chmodSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import pino from "pino";
import { createClusters } from "../../../src/adapters/kubernetes/clusters.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  answer,
  deployment,
  kubeconfigFor,
  type ScriptedServer,
  startScripted,
  target,
} from "./scripted-server.ts";

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

function load(kubeconfig: string | null, clusters: Record<string, { context?: string; inCluster: boolean }>) {
  return createClusters({
    kubeconfig,
    clusters,
    identities: { U0ROBIN: { user: "robin", groups: [] } },
    version: "0",
    log: pino({ level: "silent" }),
  });
}

test("a kubeconfig that is not there, or has not the context that crai.yaml names, is said with what to do", () => {
  expect(() => load("/no/such/kubeconfig", { shop: { inCluster: false } })).toThrow(
    expect.objectContaining({
      message: "Cannot read the credentials for cluster shop",
      next: "Set KUBECONFIG to a kubeconfig file.",
    }),
  );
  const path = kubeconfigFor("https://shop.example.com", {});
  expect(() => load(path, { shop: { context: "other", inCluster: false } })).toThrow(
    expect.objectContaining({
      message: 'The kubeconfig has no context "other"',
      why: "crai.yaml names it for cluster shop. The kubeconfig has: one.",
    }),
  );
  expect(() => load(path, { shop: { inCluster: true } })).toThrow("It is not known where cluster shop is");
});

test("KUBECONFIG may name several files", () => {
  const first = kubeconfigFor("https://first.example.com", {});
  const second = join(temporaryFolder(), "second");
  writeFileSync(
    second,
    JSON.stringify({
      "current-context": "two",
      clusters: [{ name: "two", cluster: { server: "https://second.example.com/" } }],
      users: [{ name: "two", user: {} }],
      contexts: [{ name: "two", context: { cluster: "two", user: "two" } }],
    }),
  );
  const clusters = load([first, second].join(delimiter), {
    a: { inCluster: false },
    b: { context: "two", inCluster: false },
  });

  expect(clusters.endpoint("a").server).toBe("https://first.example.com");
  expect(clusters.endpoint("b").server).toBe("https://second.example.com");
  expect(clusters.names()).toEqual(["a", "b"]);
});

test("two kubeconfigs mean the same cluster when server and CA are the same, however the CA is given", () => {
  const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const file = join(temporaryFolder(), "ca.crt");
  writeFileSync(file, pem);
  const byFile = kubeconfigFor("https://shop.example.com:6443/", {}, { "certificate-authority": file });
  const data = Buffer.from(pem.trim()).toString("base64");
  const byData = kubeconfigFor("https://shop.example.com:6443", {}, { "certificate-authority-data": data });
  const other = kubeconfigFor("https://shop.example.com:6443", {});
  const [a, b, c] = [byFile, byData, other].map((path) =>
    load(path, { x: { inCluster: false } }).endpoint("x"),
  );

  expect(a).toEqual(b);
  expect(a!.ca).toMatch(/^[0-9a-f]{64}$/);
  expect(c!.ca).toBeNull();
});

test("a server below a path is asked below that path", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  const kubeconfig = kubeconfigFor(`${server.url}/k8s/`, { token: "t" });
  await server.cluster({ kubeconfig }).workload(target);

  expect(server.seen[0]!.url.pathname).toBe("/k8s/apis/apps/v1/namespaces/shop/deployments/api");
});

test("an exec plugin's token is used", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  const plugin = join(temporaryFolder(), "plugin");
  const credential = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "from-plugin" },
  };
  writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
  chmodSync(plugin, 0o755);
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" };
  await server.cluster({ kubeconfig: kubeconfigFor(server.url, { exec }) }).workload(target);

  expect(server.seen[0]!.rawHeaders).toContain("Bearer from-plugin");
});

test("an exec plugin that never ends is cut off at the deadline", async () => {
  server = await startScripted((_, response) => answer(response, 200, deployment()));
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "sleep", args: ["5"] };
  const cluster = server.cluster({
    kubeconfig: kubeconfigFor(server.url, { exec }),
    timeoutMs: 50,
    retry: { attempts: 1, firstDelayMs: 1 },
  });

  await expect(cluster.workload(target)).rejects.toThrow("no answer in time");
});

test("plain HTTP is for this machine only", async () => {
  const cluster = load(kubeconfigFor("http://shop.example.com", {}), { shop: { inCluster: false } });
  const person = { kind: "person", id: "U0ROBIN", name: "Robin" } as const;

  await expect(cluster.as(person, "shop").workload(target)).rejects.toThrow(/HTTP protocol is not allowed/);
});
