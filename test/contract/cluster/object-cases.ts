import { expect, it } from "vitest";
import type { Actor } from "../../../src/domain/actor.ts";
import type { JsonObject, ObjectRef, Objects } from "../../../src/engine/ports.ts";
import { make, target } from "./workloads.ts";
import { alex, namespace, robin, type WorldOf } from "./world.ts";

function configMap(name: string): ObjectRef {
  return { group: "", resource: "configmaps", namespace, name };
}

function manifest(name: string, data: Record<string, string>): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function uidOf(object: JsonObject | null): string {
  return (object!["metadata"] as { uid: string }).uid;
}

/** Objects of any kind, as a deploy or an investigation meets them. */
export function objectCases(world: WorldOf): void {
  const as = (actor: Actor): Objects => world().clusters.as(actor, "world").objects;
  const crai = { fieldManager: "crai" };

  it("a manifest's kind is looked up with the server, and one that it does not serve is named", async () => {
    const objects = as(alex);
    expect(await objects.kindOf("apps/v1", "Deployment")).toEqual({
      group: "apps",
      version: "v1",
      resource: "deployments",
      namespaced: true,
    });
    expect(await objects.kindOf("v1", "Namespace")).toMatchObject({
      resource: "namespaces",
      namespaced: false,
    });
    await expect(objects.kindOf("v1", "Deployment")).rejects.toMatchObject({
      reason: "not-found",
      message: "world serves no Deployment of v1",
    });
    await expect(objects.kindOf("shop.example.com/v1", "Cart")).rejects.toMatchObject({
      reason: "not-found",
    });
  });

  it("an object is applied, applied again without a change, and what is no longer applied goes", async () => {
    const objects = as(alex);
    const ref = configMap("applied");
    const dry = await objects.apply(ref, manifest("applied", { a: "1", b: "2" }), { ...crai, dryRun: true });
    expect(dry["data"]).toEqual({ a: "1", b: "2" });
    expect(await objects.get(ref)).toBeNull();

    const first = await objects.apply(ref, manifest("applied", { a: "1", b: "2" }), crai);
    const second = await objects.apply(ref, manifest("applied", { a: "1", b: "2" }), crai);
    expect(second["metadata"]).toEqual(first["metadata"]);
    const third = await objects.apply(ref, manifest("applied", { a: "1" }), crai);
    expect(third["data"]).toEqual({ a: "1" });
  });

  it("another manager's field is a conflict that names both, until it is taken over", async () => {
    const objects = as(alex);
    const ref = configMap("owned");
    await objects.apply(ref, manifest("owned", { a: "1" }), { fieldManager: "gitops" });
    await expect(objects.apply(ref, manifest("owned", { a: "2" }), crai)).rejects.toMatchObject({
      reason: "conflict",
      message: `Another manager owns fields of configmaps owned in ${namespace}`,
      why: expect.stringMatching(/^\.data\.a: conflict with "gitops"/),
    });
    expect(
      (await objects.apply(ref, manifest("owned", { a: "2" }), { ...crai, force: true }))["data"],
    ).toEqual({
      a: "2",
    });
  });

  it("what exists is not created again, and a removal means the object that was seen", async () => {
    const objects = as(alex);
    const { name: _, ...all } = configMap("once");
    const made = await objects.create(all, manifest("once", {}), crai);
    await expect(objects.create(all, manifest("once", {}), crai)).rejects.toMatchObject({ reason: "exists" });
    await expect(objects.remove(configMap("once"), "00000000-0000-0000-0000-000000000000")).rejects.toThrow(
      /UID in the precondition/,
    );
    await objects.remove(configMap("once"), uidOf(made));
    expect(await objects.get(configMap("once"))).toBeNull();
  });

  it("a list goes page by page, and only what was asked for", async () => {
    const objects = as(alex);
    const names = Array.from({ length: 260 }, (_, index) => `page-${index}`);
    for (const name of names)
      await world().admin.create(`/api/v1/namespaces/${namespace}/configmaps`, {
        ...manifest(name, {}),
        metadata: { name, labels: { pages: name === "page-0" ? "first" : "more" } },
      });
    const { name: _, ...all } = configMap("");
    const more = await Array.fromAsync(objects.list(all, { labelSelector: "pages=more" }));
    const one = await Array.fromAsync(objects.list(all, { fieldSelector: "metadata.name=page-7" }));
    expect(more).toHaveLength(259);
    expect(one).toHaveLength(1);
  });

  it("everything happens with the rights of the person, who is named when they do not suffice", async () => {
    const objects = as(robin);
    const secret = { ...configMap("not-mine"), resource: "secrets" };
    const manifestOf = { ...manifest("not-mine", {}), kind: "Secret" };
    await expect(objects.apply(secret, manifestOf, crai)).rejects.toMatchObject({ reason: "forbidden" });
    await expect(
      Array.fromAsync(objects.list({ group: "", resource: "secrets", namespace: null })),
    ).rejects.toMatchObject({
      reason: "forbidden",
      message: expect.stringMatching(/may not list secrets in the whole cluster/),
    });
  });

  it("a label is patched on any object", async () => {
    const app = target("labeled");
    await make(world(), app, "registry.example.com/app:v1");
    const ref = { group: "apps", resource: "deployments", namespace, name: "labeled" };
    const patched = await as(alex).patch(ref, {
      type: "merge",
      body: { metadata: { labels: { seen: "yes" } } },
      ...crai,
    });
    expect(patched["metadata"]).toMatchObject({ labels: { seen: "yes" } });
  });
}
