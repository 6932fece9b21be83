import { expect, it } from "vitest";
import type { ManagedFieldsEntry } from "../../../sandbox/cluster/object.ts";
import { configMaps, deployments, startApi } from "./setup.ts";
import type { Api } from "./setup.ts";

const type = "application/apply-patch+yaml";

function apply(api: Api, manager: string, manifest: object, options = "") {
  const { kind, metadata } = manifest as { kind: string; metadata: { name: string } };
  const path = `${kind === "ConfigMap" ? configMaps : deployments}/${metadata.name}`;
  return api.call("PATCH", `${path}?fieldManager=${manager}${options}`, {
    headers: { "content-type": type },
    body: JSON.stringify(manifest),
  });
}

function settings(data: Record<string, unknown>, metadata = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", ...metadata }, data };
}

interface Container {
  name: string;
  image?: string;
  env?: object[];
  ports?: object[];
}

function web(...containers: Container[]) {
  const labels = { app: "web" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}

async function containersOf(api: Api): Promise<Container[]> {
  const { json } = await api.call("GET", `${deployments}/web`);
  return (json as unknown as { spec: { template: { spec: { containers: Container[] } } } }).spec.template.spec
    .containers;
}

async function managers(api: Api): Promise<Record<string, ManagedFieldsEntry>> {
  const { json } = await api.call("GET", `${configMaps}/settings`);
  const { managedFields } = (json as unknown as { metadata: { managedFields: ManagedFieldsEntry[] } })
    .metadata;
  return Object.fromEntries(managedFields.map((entry) => [`${entry.operation} ${entry.manager}`, entry]));
}

it("creates what is not there and is 200 from then on", async () => {
  const api = await startApi();
  expect((await apply(api, "ada", settings({ a: "1" }))).code).toBe(201);
  expect((await apply(api, "ada", settings({ a: "2" }))).code).toBe(200);
});

it("leaves an object alone that is as applied", async () => {
  const api = await startApi();
  const first = await apply(api, "ada", web({ name: "web", image: "web:v1" }));
  const second = await apply(api, "ada", web({ name: "web", image: "web:v1" }));
  expect(second.json).toEqual(first.json);
});

it("refuses to change what another manager owns, and says who and what", async () => {
  const api = await startApi();
  await apply(api, "ada", settings({ a: "1", b: "1" }));
  const { code, json } = await apply(api, "bob", settings({ a: "2" }));
  expect(code).toBe(409);
  expect(json).toMatchObject({
    reason: "Conflict",
    message: 'Apply failed with 1 conflict: conflict with "ada": .data.a',
    details: {
      causes: [{ reason: "FieldManagerConflict", message: 'conflict with "ada"', field: ".data.a" }],
    },
  });
});

it("moves a field to who forces it, and shares one that is stated alike", async () => {
  const api = await startApi();
  await apply(api, "ada", settings({ a: "1", b: "1" }));
  await apply(api, "bob", settings({ a: "2", b: "1" }), "&force=true");
  const { "Apply ada": ada, "Apply bob": bob } = await managers(api);
  expect(ada?.fieldsV1).toEqual({ "f:data": { "f:b": {} } });
  expect(bob?.fieldsV1).toEqual({ "f:data": { "f:a": {}, "f:b": {} } });
});

it("takes a field away once nobody states it any more, and not before", async () => {
  const api = await startApi();
  await apply(api, "ada", settings({ a: "1", b: "1" }));
  await apply(api, "bob", settings({ b: "1" }));
  expect((await apply(api, "ada", settings({ a: "1" }))).json["data"]).toEqual({ a: "1", b: "1" });
  expect((await apply(api, "bob", settings({}))).json["data"]).toEqual({ a: "1" });
});

it("takes away a container with all that was filled in, and keeps the variables others added", async () => {
  const api = await startApi();
  await apply(api, "ada", web({ name: "web", image: "web:v1" }, { name: "log", image: "log:v1" }));
  await apply(api, "bob", web({ name: "web", env: [{ name: "LEVEL", value: "debug" }] }));
  await apply(api, "ada", web({ name: "web", image: "web:v2" }));
  const [container, ...others] = await containersOf(api);
  expect(others).toEqual([]);
  expect(container).toMatchObject({ image: "web:v2", env: [{ name: "LEVEL", value: "debug" }] });
});

it("tells ports apart by number and protocol, which is TCP when it is not said", async () => {
  const api = await startApi();
  await apply(api, "ada", web({ name: "web", image: "web:v1", ports: [{ containerPort: 53 }] }));
  const udp = { containerPort: 53, protocol: "UDP" };
  await apply(api, "bob", web({ name: "web", ports: [udp, { containerPort: 53, name: "dns" }] }));
  expect((await containersOf(api))[0]?.ports).toEqual([
    { ...udp },
    { containerPort: 53, name: "dns", protocol: "TCP" },
  ]);
});

it("puts list items in the order applied, and those of others where they were", async () => {
  const api = await startApi();
  const named = (...names: string[]) => web(...names.map((name) => ({ name, image: `${name}:v1` })));
  await apply(api, "ada", named("a", "b"));
  await apply(api, "bob", named("x", "a"));
  await apply(api, "ada", named("b", "a"));
  expect((await containersOf(api)).map(({ name }) => name)).toEqual(["x", "b", "a"]);
});

it("stores nothing on a dry run", async () => {
  const api = await startApi();
  expect((await apply(api, "ada", settings({ a: "1" }), "&dryRun=All")).code).toBe(201);
  expect((await api.call("GET", `${configMaps}/settings`)).code).toBe(404);
});

it("keeps who updates by other means apart from who applies", async () => {
  const api = await startApi();
  await apply(api, "ada", settings({ a: "1" }));
  const patch = { patch: "merge", body: { data: { a: "2" } } } as const;
  await api.call("PATCH", `${configMaps}/settings?fieldManager=ada`, patch);
  expect((await apply(api, "ada", settings({ a: "1" }))).json["message"]).toBe(
    'Apply failed with 1 conflict: conflict with "ada" using v1: .data.a',
  );
});

it("lets a client forget who manages what", async () => {
  const api = await startApi();
  await apply(api, "ada", settings({ a: "1" }));
  const forget = { patch: "merge", body: { metadata: { managedFields: [{}] } } } as const;
  await api.call("PATCH", `${configMaps}/settings`, forget);
  expect((await apply(api, "bob", settings({ a: "2" }))).json["message"]).toContain(
    'conflict with "before-first-apply" using v1: .data.a',
  );
});

it("says what is wrong with a manifest it cannot take", async () => {
  const api = await startApi();
  const twice = await apply(api, "ada", web({ name: "web", image: "a" }, { name: "web", image: "b" }));
  expect(twice.json["message"]).toContain('containers: duplicate entries for key [name="web"]');
  expect((await apply(api, "", settings({}))).json["message"]).toContain("fieldManager: Required value");
  const nobody = await apply(api, "ada", settings({}, { managedFields: [] }));
  expect(nobody.json["message"]).toBe("metadata.managedFields must be nil");
});
