import { expect, it } from "vitest";
import type { AuditEvent } from "../../../sandbox/cluster/audit.ts";
import { by, configMap, configMaps, startApi } from "./setup.ts";

const patch = { patch: "merge", body: { data: { x: "1" } } } as const;

async function startWithObject() {
  const api = await startApi();
  api.cluster.store.create("configmaps", configMap("a"), by);
  return api;
}

it("cuts connections while it is down, open watches too, and comes back", async () => {
  const { call, cluster } = await startWithObject();
  const watching = call("GET", `${configMaps}?watch=true`).then(
    () => "ended",
    () => "cut",
  );
  await expect.poll(() => cluster.audit.length).toBe(1);
  cluster.faults.set({ down: true });
  expect(await watching).toBe("cut");
  await expect(call("GET", configMaps)).rejects.toThrow(/socket hang up|ECONNRESET/);
  cluster.faults.set({ down: false });
  expect((await call("GET", configMaps)).code).toBe(200);
});

it("fails the next request of a kind once, and changes nothing by it", async () => {
  const { call, cluster } = await startWithObject();
  cluster.faults.set({ failNext: { verb: "patch", resource: "configmaps", status: 503 } });
  expect((await call("GET", `${configMaps}/a`)).code).toBe(200);
  const failed = await call("PATCH", `${configMaps}/a`, patch);
  expect(failed.json).toMatchObject({ code: 503, reason: "ServiceUnavailable" });
  expect(cluster.store.get("configmaps", "default", "a")?.["data"]).toEqual({});
  expect((await call("PATCH", `${configMaps}/a`, patch)).code).toBe(200);
});

it("holds a request as long as a listener does, before and after it is carried out", async () => {
  const { call, cluster } = await startWithObject();
  const seen: unknown[] = [];
  cluster.onRequest(async ({ phase, verb, target, user, code }) => {
    await new Promise((resolve) => setImmediate(resolve));
    const data = cluster.store.get("configmaps", "default", "a")?.["data"];
    seen.push({ phase, verb, plural: target?.plural, user, code, data });
  });
  await call("PATCH", `${configMaps}/a`, patch);
  expect(seen).toEqual([
    {
      phase: "received",
      verb: "patch",
      plural: "configmaps",
      user: "practice-admin",
      code: undefined,
      data: {},
    },
    {
      phase: "answered",
      verb: "patch",
      plural: "configmaps",
      user: "practice-admin",
      code: 200,
      data: { x: "1" },
    },
  ]);
});

it.each([
  ["received", {}, 0],
  ["answered", { x: "1" }, 1],
] as const)(
  "cuts a request when %s, and the audit log tells whether it was carried out",
  async (at, data, audited) => {
    const { call, cluster } = await startWithObject();
    const stop = cluster.onRequest(({ phase }) => (phase === at ? "cut" : undefined));
    await expect(call("PATCH", `${configMaps}/a`, patch)).rejects.toThrow(/socket hang up|ECONNRESET/);
    stop();
    expect(cluster.store.get("configmaps", "default", "a")?.["data"]).toEqual(data);
    expect(cluster.audit).toHaveLength(audited);
  },
);

it("writes every request into the audit log, also over HTTP as JSON lines", async () => {
  const { call } = await startWithObject();
  await call("PATCH", `${configMaps}/a?dryRun=All`, patch);
  await call("GET", `${configMaps}/nope`);
  const { text } = await call("GET", "/sandbox/audit");
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as AuditEvent);
  expect(events).toMatchObject([
    {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: "Metadata",
      stage: "ResponseComplete",
      verb: "patch",
      requestURI: `${configMaps}/a?dryRun=All`,
      userAgent: "tester/1.0",
      user: { username: "practice-admin", groups: ["system:masters", "system:authenticated"] },
      objectRef: { resource: "configmaps", namespace: "default", name: "a", apiVersion: "v1" },
      responseStatus: { code: 200 },
    },
    {
      verb: "get",
      responseStatus: { code: 404, reason: "NotFound", message: 'configmaps "nope" not found' },
    },
  ]);
});
