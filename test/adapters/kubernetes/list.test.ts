import { afterEach, expect, test } from "vitest";
import { answer, deployment, type ScriptedServer, startScripted, status, target } from "./scripted-server.ts";

let server: ScriptedServer;
afterEach(() => server.close());

function replicaSet(number: number): object {
  return {
    metadata: {
      name: `api-${number}`,
      uid: `rs-${number}`,
      resourceVersion: "1",
      creationTimestamp: `2026-11-01T10:00:${String(number).padStart(2, "0")}Z`,
      annotations: { "deployment.kubernetes.io/revision": String(number) },
      ownerReferences: [{ kind: "Deployment", uid: "uid-1", controller: true }],
    },
    spec: { template: { spec: { containers: [{ name: "api", image: `api:v${number}` }] } } },
  };
}

const pages: Record<string, { items: object[]; next: string }> = {
  "": { items: [replicaSet(1), replicaSet(2)], next: "second" },
  second: { items: [replicaSet(3)], next: "third" },
  third: { items: [replicaSet(4)], next: "" },
};

function page(token: string): object {
  const { items, next } = pages[token]!;
  return { metadata: { resourceVersion: "50", ...(next === "" ? {} : { continue: next }) }, items };
}

test("case 24: a list of several pages is read to its end", async () => {
  server = await startScripted(({ url }, response) =>
    answer(
      response,
      200,
      url.pathname.endsWith("/api") ? deployment() : page(url.searchParams.get("continue") ?? ""),
    ),
  );
  const cluster = server.cluster();

  const revisions = await cluster.revisions(await cluster.workload(target));
  expect(revisions.map(({ number, current }) => [number, current])).toEqual([
    [1, false],
    [2, false],
    [3, false],
    [4, false],
  ]);
  expect(server.seen.slice(1).map(({ url }) => url.searchParams.get("limit"))).toEqual(["250", "250", "250"]);
  expect(server.seen[1]!.url.searchParams.get("labelSelector")).toBe("app=api");
});

test("case 24: a list that expires between two pages begins again, and no item comes twice", async () => {
  let expired = false;
  server = await startScripted(({ url }, response) => {
    const token = url.searchParams.get("continue") ?? "";
    if (url.pathname.endsWith("/api")) return answer(response, 200, deployment());
    if (token !== "third" || expired) return answer(response, 200, page(token));
    expired = true;
    return answer(
      response,
      410,
      status(410, "The provided continue parameter is too old", { reason: "Expired" }),
    );
  });
  const cluster = server.cluster();

  const revisions = await cluster.revisions(await cluster.workload(target));
  expect(revisions.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
});

test("selectors with expressions are written as the API server reads them", async () => {
  const selector = {
    matchLabels: { app: "api" },
    matchExpressions: [
      { key: "tier", operator: "In", values: ["web", "edge"] },
      { key: "track", operator: "NotIn", values: ["canary"] },
      { key: "team", operator: "Exists" },
      { key: "legacy", operator: "DoesNotExist" },
    ],
  };
  server = await startScripted(({ url }, response) =>
    answer(
      response,
      200,
      url.pathname.endsWith("/api") ? deployment({ spec: { selector } }) : { metadata: {}, items: null },
    ),
  );
  const cluster = server.cluster();
  await cluster.revisions(await cluster.workload(target));

  expect(server.seen[1]!.url.searchParams.get("labelSelector")).toBe(
    "app=api,tier in (web,edge),track notin (canary),team,!legacy",
  );
});
