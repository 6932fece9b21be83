import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { configMap, configMaps, by, startApi } from "./setup.ts";
import type { Api } from "./setup.ts";

interface Line {
  type: string;
  object: {
    kind: string;
    code?: number;
    reason?: string;
    message?: string;
    metadata: { name?: string; resourceVersion?: string; annotations?: Record<string, string> };
    rows?: { cells: unknown[] }[];
    columnDefinitions?: unknown[];
  };
}

/** The lines of a watch so far; `ended` resolves when the server closes it. */
async function watch(api: Api, path: string, accept = "application/json") {
  const lines: Line[] = [];
  const req = request(api.url + path, { headers: { accept } }).end();
  const [response] = (await once(req, "response")) as [IncomingMessage];
  const reader = createInterface({ input: response });
  // A watch that still runs is cut when the test ends.
  for (const side of [req, response, reader]) side.on("error", () => undefined);
  reader.on("line", (line) => lines.push(JSON.parse(line) as Line));
  const ended = new Promise((resolve) => reader.once("close", resolve));
  const seen = () => lines.map(({ type, object }) => [type, object.metadata.name ?? object.reason]);
  return { lines, seen, ended };
}

function put(api: Api, name: string, data: Record<string, string> = {}) {
  const { store } = api.cluster;
  const method = store.get("configmaps", "default", name) ? "update" : "create";
  return store[method]("configmaps", configMap(name, data), by);
}

it("gives what is there and then every change, in order", async () => {
  const api = await startApi();
  put(api, "a");
  const { seen } = await watch(api, `${configMaps}?watch=true`);
  put(api, "b");
  put(api, "a", { x: "1" });
  api.cluster.store.delete("configmaps", "default", "b", by);
  await expect.poll(seen).toEqual([
    ["ADDED", "a"],
    ["ADDED", "b"],
    ["MODIFIED", "a"],
    ["DELETED", "b"],
  ]);
});

it("goes on from the version of a list without missing or repeating anything", async () => {
  const api = await startApi();
  put(api, "a");
  const list = await api.call("GET", configMaps);
  const { resourceVersion } = list.json["metadata"] as never as { resourceVersion: string };
  put(api, "b");
  const { seen } = await watch(api, `${configMaps}?watch=true&resourceVersion=${resourceVersion}`);
  put(api, "c");
  await expect.poll(seen).toEqual([
    ["ADDED", "b"],
    ["ADDED", "c"],
  ]);
});

it("says 410 Expired in an ERROR event when the version is forgotten", async () => {
  const api = await startApi({ history: 1 });
  for (const name of ["a", "b", "c"]) put(api, name);
  const { lines, ended } = await watch(api, `${configMaps}?watch=true&resourceVersion=2`);
  await ended;
  expect(lines).toMatchObject([{ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }]);
  expect(lines[0]!.object.message).toMatch(/^too old resource version: 2 \(\d+\)$/);
});

it("refuses a version from the future, as after a restart of the cluster", async () => {
  const api = await startApi();
  const { lines, ended } = await watch(api, `${configMaps}?watch=true&resourceVersion=99999`);
  await ended;
  expect(lines).toMatchObject([{ type: "ERROR", object: { code: 504, reason: "Timeout" } }]);
});

it("lets an object appear and disappear as it begins and ceases to match the selector", async () => {
  const api = await startApi();
  const { store } = api.cluster;
  const { seen } = await watch(api, `${configMaps}?watch=true&labelSelector=tier%3Dfront`);
  const object = store.create("configmaps", configMap("a"), by);
  const labeled = { ...object, metadata: { ...object.metadata, labels: { tier: "front" } } };
  const front = store.update("configmaps", labeled, by);
  store.update("configmaps", { ...front, metadata: { ...front.metadata, labels: { tier: "back" } } }, by);
  await expect.poll(seen).toEqual([
    ["ADDED", "a"],
    ["DELETED", "a"],
  ]);
});

it("ends after timeoutSeconds with a bookmark of the newest version", async () => {
  const api = await startApi();
  const { lines, ended } = await watch(
    api,
    `${configMaps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1`,
  );
  put(api, "a");
  await ended;
  expect(lines.map(({ type }) => type)).toEqual(["ADDED", "BOOKMARK"]);
  expect(lines[1]!.object.metadata.resourceVersion).toBe(api.cluster.store.resourceVersion);
});

it("sends bookmarks while nothing happens", async () => {
  const api = await startApi({ bookmarkEvery: 5 });
  const { seen } = await watch(api, `${configMaps}?watch=true&allowWatchBookmarks=true`);
  await expect.poll(() => seen().length).toBeGreaterThan(2);
});

it("marks the end of the initial events when asked for them", async () => {
  const api = await startApi();
  put(api, "a");
  const query =
    "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
  const { lines } = await watch(api, `${configMaps}?${query}`);
  await expect.poll(() => lines.length).toBe(2);
  expect(lines[1]).toMatchObject({
    type: "BOOKMARK",
    object: { metadata: { annotations: { "k8s.io/initial-events-end": "true" } } },
  });
});

it("watches as Tables of one row, their columns with the first only", async () => {
  const api = await startApi();
  put(api, "a", { x: "1" });
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const { lines } = await watch(api, `${configMaps}?watch=true`, accept);
  put(api, "b");
  await expect.poll(() => lines.length).toBe(2);
  expect(
    lines.map(({ object }) => [object.kind, object.columnDefinitions?.length, object.rows?.[0]?.cells[1]]),
  ).toEqual([
    ["Table", 3, 1],
    ["Table", 0, 0],
  ]);
});

it("pages through the state of the first page, whatever happens meanwhile", async () => {
  const api = await startApi();
  for (const name of ["a", "b", "c", "d"]) put(api, name);
  const first = await api.call("GET", `${configMaps}?limit=2`);
  const meta = first.json["metadata"] as never as { continue: string; remainingItemCount: number };
  expect(meta.remainingItemCount).toBe(2);
  api.cluster.store.delete("configmaps", "default", "c", by);
  put(api, "bb");
  const second = await api.call("GET", `${configMaps}?limit=2&continue=${meta.continue}`);
  const names = (second.json["items"] as never as { metadata: { name: string } }[]).map(
    (one) => one.metadata.name,
  );
  expect(names).toEqual(["c", "d"]);
  expect(second.json["metadata"]).not.toHaveProperty("continue");
});

it("answers 410 to the rest of a list that is too old", async () => {
  const api = await startApi({ history: 2 });
  for (const name of ["a", "b", "c"]) put(api, name);
  const first = await api.call("GET", `${configMaps}?limit=1`);
  const { continue: token } = first.json["metadata"] as never as { continue: string };
  for (const name of ["d", "e", "f"]) put(api, name);
  const second = await api.call("GET", `${configMaps}?limit=1&continue=${token}`);
  expect(second.json).toMatchObject({ code: 410, reason: "Expired" });
});

it.each([
  ["labelSelector=app%3Dx", ["one"]],
  ["labelSelector=app!%3Dx", ["two", "three"]],
  ["labelSelector=app+in+(x,y)", ["one", "two"]],
  ["labelSelector=app+notin+(x,y)", ["three"]],
  ["labelSelector=app", ["one", "two"]],
  ["labelSelector=!app", ["three"]],
  ["labelSelector=app+in+(x,y),tier%3Dfront", ["two"]],
  ["fieldSelector=metadata.name%3Dtwo", ["two"]],
  ["fieldSelector=metadata.name!%3Dtwo", ["one", "three"]],
])("lists what %s selects", async (query, expected) => {
  const api = await startApi();
  const labels = { one: { app: "x" }, two: { app: "y", tier: "front" }, three: {} };
  for (const [name, some] of Object.entries(labels)) {
    const object = configMap(name);
    api.cluster.store.create("configmaps", { ...object, metadata: { ...object.metadata, labels: some } }, by);
  }
  const { json } = await api.call("GET", `${configMaps}?${query}`);
  const names = (json["items"] as never as { metadata: { name: string } }[]).map((one) => one.metadata.name);
  expect(names.toSorted()).toEqual(expected.toSorted());
});

it.each([
  [
    `${configMaps}?labelSelector=a%20b%3Dc`,
    "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  ],
  [
    `${configMaps}?fieldSelector=spec.x%3D1`,
    '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  ["/api/v1/pods?fieldSelector=spec.x%3D1", "field label not supported: spec.x"],
])("refuses the selector of %s", async (path, message) => {
  const { call } = await startApi();
  expect((await call("GET", path)).json).toMatchObject({ code: 400, reason: "BadRequest", message });
});
