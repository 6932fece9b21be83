import { expect, it } from "vitest";
import { createStore } from "../../../sandbox/cluster/store.ts";
import type { WatchEvent } from "../../../sandbox/cluster/store.ts";
import { by, configMap, deployment } from "./setup.ts";

function pod(name: string, extra: { nodeName?: string; owner?: string } = {}) {
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: extra.owner ?? "" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", ...(extra.owner && { ownerReferences }) },
    spec: { ...(extra.nodeName && { nodeName: extra.nodeName }), terminationGracePeriodSeconds: 7 },
    status: { phase: "Running" },
  };
}

it("counts one version up for the whole store with every write", () => {
  const store = createStore();
  const first = store.create("configmaps", configMap("a"), by);
  const second = store.create("deployments", deployment("b"), by);
  expect(Number(second.metadata.resourceVersion)).toBe(Number(first.metadata.resourceVersion) + 1);
  expect(store.resourceVersion).toBe(second.metadata.resourceVersion);
});

it("refuses a second object of a name, and an update made from an old version", () => {
  const store = createStore();
  const old = store.create("configmaps", configMap("a"), by);
  expect(() => store.create("configmaps", configMap("a"), by)).toThrow(`configmaps "a" already exists`);
  store.update("configmaps", { ...old, data: { x: "1" } }, by);
  expect(() => store.update("configmaps", { ...old, data: { x: "2" } }, by)).toThrow(
    "the object has been modified; please apply your changes to the latest version and try again",
  );
});

it("takes an update without a version as meant for whatever is there", () => {
  const store = createStore();
  store.create("configmaps", configMap("a", { x: "1" }), by);
  expect(store.update("configmaps", configMap("a", { x: "2" }), by)["data"]).toEqual({ x: "2" });
});

it("makes no event of an update that changes nothing", () => {
  const store = createStore();
  const object = store.create("configmaps", configMap("a"), by);
  const events: WatchEvent[] = [];
  store.onEvent((_plural, event) => events.push(event));
  expect(store.update("configmaps", object, { ...by, manager: "another" })).toEqual(object);
  expect(events).toEqual([]);
});

it("raises the generation for a changed spec and a Deployment's annotations, not for labels or status", () => {
  const store = createStore();
  const created = store.create("deployments", deployment("a"), by);
  expect(created.metadata.generation).toBe(1);
  const labeled = store.update(
    "deployments",
    { ...created, metadata: { ...created.metadata, labels: {} } },
    by,
  );
  expect(labeled.metadata.generation).toBe(1);
  const reported = store.updateStatus("deployments", { ...labeled, status: { replicas: 2 } }, by);
  expect(reported.metadata.generation).toBe(1);
  const annotated = { ...reported, metadata: { ...reported.metadata, annotations: { why: "x" } } };
  expect(store.update("deployments", annotated, by).metadata.generation).toBe(2);
});

it("keeps spec and status apart: neither write changes the other", () => {
  const store = createStore();
  const created = store.create("deployments", deployment("a"), by);
  const reported = store.updateStatus("deployments", { ...created, status: { replicas: 2 }, spec: {} }, by);
  expect(reported["spec"]).toEqual(created["spec"]);
  const updated = store.update("deployments", { ...reported, status: { replicas: 9 } }, by);
  expect(updated["status"]).toEqual({ replicas: 2 });
});

it("stores and tells nothing on a dry run", () => {
  const store = createStore();
  const before = store.resourceVersion;
  const made = store.create("configmaps", configMap("a"), { ...by, dryRun: true });
  expect(made.metadata.uid).toBeDefined();
  expect(store.get("configmaps", "default", "a")).toBeUndefined();
  expect(store.resourceVersion).toBe(before);
});

it("hands out copies, so that nobody changes what is stored", () => {
  const store = createStore();
  const made = store.create("configmaps", configMap("a", { x: "1" }), by);
  (made["data"] as Record<string, string>)["x"] = "changed";
  expect(store.get("configmaps", "default", "a")?.["data"]).toEqual({ x: "1" });
});

it("marks a running pod for deletion first and removes it when its kubelet says so", () => {
  const store = createStore();
  store.create("pods", pod("a", { nodeName: "n" }), by);
  const marked = store.delete("pods", "default", "a", by);
  expect(marked?.metadata).toMatchObject({
    deletionTimestamp: "2026-03-01T12:00:07Z",
    deletionGracePeriodSeconds: 7,
  });
  store.delete("pods", "default", "a", { ...by, gracePeriodSeconds: 0 });
  expect(store.get("pods", "default", "a")).toBeUndefined();
});

it("removes a pod that was never scheduled at once", () => {
  const store = createStore();
  store.create("pods", pod("a"), by);
  store.delete("pods", "default", "a", by);
  expect(store.list("pods")).toEqual([]);
});

it("leaves the dependents of an orphaning delete without an owner", () => {
  const store = createStore();
  const owner = store.create("replicasets", { ...deployment("rs"), kind: "ReplicaSet" }, by);
  store.create("pods", pod("a", { owner: owner.metadata.uid! }), by);
  store.delete("replicasets", "default", "rs", { ...by, propagationPolicy: "Orphan" });
  expect(store.get("pods", "default", "a")?.metadata.ownerReferences).toEqual([]);
});

it("deletes only the object that was meant", () => {
  const store = createStore();
  store.create("configmaps", configMap("a"), by);
  expect(() =>
    store.delete("configmaps", "default", "a", { ...by, preconditions: { uid: "other" } }),
  ).toThrow("the UID in the precondition (other) does not match");
});

it("takes the contents of a namespace along with it", () => {
  const store = createStore();
  store.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } }, by);
  store.create("configmaps", configMap("a"), by);
  store.delete("namespaces", undefined, "default", by);
  expect(store.list("configmaps")).toEqual([]);
});

it("remembers so many events of a kind and says when it has forgotten some", () => {
  const store = createStore({ history: 2 });
  const start = Number(store.resourceVersion);
  for (const name of ["a", "b", "c"]) store.create("configmaps", configMap(name), by);
  expect(store.eventsSince("configmaps", start)).toBeUndefined();
  expect(store.eventsSince("configmaps", start + 1)?.map(({ object }) => object.metadata.name)).toEqual([
    "b",
    "c",
  ]);
  expect(store.eventsSince("pods", start)).toEqual([]);
});
