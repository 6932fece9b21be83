import { expect, it } from "vitest";
import { createStore } from "../../../sandbox/cluster/store.ts";
import { by, deployment } from "./setup.ts";

const later = new Date("2026-03-01T13:00:00Z");

function withImage(image: string) {
  const object = deployment("a", image);
  delete object.metadata.resourceVersion;
  return object;
}

it("gives the creator every path it wrote, list items by their key", () => {
  const [entry] = createStore().create("deployments", deployment("a"), by).metadata.managedFields!;
  expect(entry).toMatchObject({
    manager: "test",
    operation: "Update",
    apiVersion: "apps/v1",
    time: "2026-03-01T12:00:00Z",
    fieldsType: "FieldsV1",
  });
  expect(entry!.fieldsV1["f:metadata"]).toEqual({ "f:labels": { ".": {}, "f:app": {} } });
  const { "f:template": template, ...spec } = entry!.fieldsV1["f:spec"]!;
  expect(spec).toEqual({ "f:replicas": {}, "f:selector": {} });
  expect(template!["f:spec"]).toEqual({
    "f:containers": {
      'k:{"name":"web"}': {
        ".": {},
        "f:env": { ".": {}, 'k:{"name":"A"}': { ".": {}, "f:name": {}, "f:value": {} } },
        "f:image": {},
        "f:name": {},
      },
    },
  });
});

it("moves a path to whoever changed it last, and only that path", () => {
  const store = createStore();
  store.create("deployments", deployment("a"), by);
  const updated = store.update("deployments", withImage("web:v2"), { manager: "kubectl-set", now: later });
  const [creator, changer] = updated.metadata.managedFields!;
  expect(changer).toMatchObject({ manager: "kubectl-set", time: "2026-03-01T13:00:00Z" });
  expect(changer!.fieldsV1).toEqual({
    "f:spec": { "f:template": { "f:spec": { "f:containers": { 'k:{"name":"web"}': { "f:image": {} } } } } },
  });
  expect(JSON.stringify(creator)).not.toContain("f:image");
  expect(JSON.stringify(creator)).toContain("f:replicas");
});

it("forgets paths that were removed", () => {
  const store = createStore();
  store.create("deployments", deployment("a"), by);
  const bare = withImage("web:v1");
  delete bare.metadata.labels;
  const updated = store.update("deployments", bare, { manager: "kubectl-edit", now: later });
  expect(updated.metadata.managedFields).toHaveLength(1);
  expect(Object.keys(updated.metadata.managedFields![0]!.fieldsV1)).toEqual(["f:spec"]);
});

it("keeps who writes status apart from who writes the rest", () => {
  const store = createStore();
  const created = store.create("deployments", { ...deployment("a"), status: { replicas: 1 } }, by);
  expect(JSON.stringify(created.metadata.managedFields)).not.toContain("f:status");
  const reported = store.updateStatus("deployments", { ...created, status: { replicas: 2 } }, by);
  expect(reported.metadata.managedFields?.[1]).toMatchObject({
    subresource: "status",
    fieldsV1: { "f:status": { "f:replicas": {} } },
  });
});
