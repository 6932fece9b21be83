import { expect, it } from "vitest";
import type { Json } from "../../../src/engine/ports.ts";
import { planManifests } from "./manifest-steps.ts";
import { plan, texts } from "./steps.ts";
import { good, make, target } from "./workloads.ts";
import { alex, namespace, robin, type World, type WorldOf } from "./world.ts";

const policies = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
const core = `/api/v1/namespaces/${namespace}`;

async function exists(world: World, path: string): Promise<boolean> {
  return world.admin.get(path).then(
    () => true,
    () => false,
  );
}

export function containmentCases(world: WorldOf): void {
  it("an app is isolated by one NetworkPolicy over exactly its pods, and the undo removes that one and no other", async () => {
    const app = target("infected");
    await make(world(), app, good);
    await world().admin.create(policies, {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "lets-in" },
      spec: { podSelector: { matchLabels: { app: "infected" } }, ingress: [{}] },
    });

    const step = await plan(world(), app, ["quarantine"], { actor: robin });
    expect(texts(step, "warn").join("\n")).toMatch(/what lets-in lets through stays open/);
    expect(texts(step, "warn").join("\n")).toMatch(/network plugin enforces NetworkPolicies cannot be seen/);
    expect(texts(step, "block")).toEqual([]);
    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });
    const made = await world().admin.get(`${policies}/crai-quarantine-infected`);
    expect(made["spec"]).toMatchObject({
      podSelector: { matchLabels: { app: "infected" } },
      policyTypes: ["Ingress", "Egress"],
    });
    await expect(plan(world(), app, ["quarantine"], { actor: robin })).rejects.toThrow(/isolated already/);

    const { action, with: given } = step.planned.inverse!;
    const lift = await plan(world(), app, [action, given], { actor: robin });
    await lift.apply();
    expect(await lift.observe()).toMatchObject({ state: "done" });
    expect(await exists(world(), `${policies}/crai-quarantine-infected`)).toBe(false);
    expect(await exists(world(), `${policies}/lets-in`)).toBe(true);
  });

  it("an isolation that somebody has changed since is not lifted", async () => {
    const app = target("widened");
    await make(world(), app, good);
    const step = await plan(world(), app, ["quarantine"], { actor: robin });
    await step.apply();
    await world().admin.patch(`${policies}/crai-quarantine-widened`, { spec: { ingress: [{}] } }, "merge");
    expect(await step.observe()).toMatchObject({ state: "diverged" });
    const { action, with: given } = step.planned.inverse!;
    const lift = await plan(world(), app, [action, given], { actor: robin });
    expect(texts(lift, "block")).toEqual([expect.stringMatching(/was changed since crai made it/)]);
    await expect(lift.apply()).rejects.toThrow(/was changed since it was planned/);
    expect(await exists(world(), `${policies}/crai-quarantine-widened`)).toBe(true);
  });

  it("a CronJob starts no Jobs while it is suspended, and the undo gives back what it was", async () => {
    const app = target("with-cron");
    await make(world(), app, good);
    const crons = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
    await world().admin.create(crons, {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "nightly" },
      spec: {
        schedule: "0 3 * * *",
        jobTemplate: {
          spec: {
            template: { spec: { restartPolicy: "Never", containers: [{ name: "app", image: good }] } },
          },
        },
      },
    });
    const step = await plan(world(), app, ["cron-suspend", { cronjob: "nightly" }], { actor: robin });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });
    expect((await world().admin.get(`${crons}/nightly`))["spec"]).toMatchObject({ suspend: true });
    const again = await plan(world(), app, ["cron-suspend", { cronjob: "nightly" }], { actor: robin });
    expect(texts(again, "block")).toEqual([expect.stringMatching(/nothing to do/)]);
    const { action, with: given } = step.planned.inverse!;
    const back = await plan(world(), app, [action, given], { actor: robin });
    await back.apply();
    expect((await world().admin.get(`${crons}/nightly`))["spec"]).toMatchObject({ suspend: false });
  });

  it("token Secrets of the app's own account are deleted, those of others are left", async () => {
    const app = target("leaky");
    await world().admin.create(`${core}/serviceaccounts`, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "leaky" },
    });
    for (const [name, account] of [
      ["leaky-token", "leaky"],
      ["other-token", "default"],
    ])
      await world().admin.create(`${core}/secrets`, {
        apiVersion: "v1",
        kind: "Secret",
        type: "kubernetes.io/service-account-token",
        metadata: { name, annotations: { "kubernetes.io/service-account.name": account } },
      });
    await make(world(), app, good, {
      template: {
        metadata: { labels: { app: "leaky" } },
        spec: { serviceAccountName: "leaky", containers: [{ name: "app", image: good }] },
      },
    });
    const step = await plan(world(), app, ["revoke-tokens"], { actor: alex });
    expect(step.planned.facts).toContainEqual({ label: "Deletes", value: "Secret leaky-token" });
    expect(texts(step, "warn").join("\n")).toMatch(/cannot be revoked one by one/);
    expect(step.planned.inverse).toBeNull();
    await step.apply();
    await expect.poll(() => step.observe(), { timeout: 10_000 }).toMatchObject({ state: "done" });
    expect(await exists(world(), `${core}/secrets/leaky-token`)).toBe(false);
    expect(await exists(world(), `${core}/secrets/other-token`)).toBe(true);
  });
}

async function onNode(world: World, [name, params]: [string, Record<string, Json>]) {
  return planManifests(world, "none", [name, params], { actor: alex });
}

async function makeNode({ admin }: World, name: string): Promise<void> {
  await admin.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name } });
}

/** A pod on a node, made by whatever `owner` is; without one nothing makes it anew. */
async function makePod(world: World, name: string, { node, owned }: { node: string; owned: boolean }) {
  const { admin } = world;
  const owner = owned
    ? await admin.create(`${core}/configmaps`, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: `${name}-owner` },
      })
    : null;
  const { uid } = (owner?.["metadata"] ?? {}) as { uid?: string };
  const ownerReferences = [
    { apiVersion: "v1", kind: "ConfigMap", name: `${name}-owner`, uid, controller: true },
  ];
  await admin.create(`${core}/pods`, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name }, ...(owned && { ownerReferences }) },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "app", image: good }],
    },
  });
}

export function nodeCases(world: WorldOf): void {
  it("a node is cordoned and uncordoned, each the other's undo", async () => {
    await makeNode(world(), "case-cordon");
    const step = await onNode(world(), ["cordon", { node: "case-cordon" }]);
    await step.apply();
    expect(await step.observe(true)).toMatchObject({ state: "done" });
    expect((await world().admin.get("/api/v1/nodes/case-cordon"))["spec"]).toMatchObject({
      unschedulable: true,
    });
    const again = await onNode(world(), ["cordon", { node: "case-cordon" }]);
    expect(again.planned.warnings).toMatchObject([
      { level: "block", text: expect.stringMatching(/nothing to do/) },
    ]);
    const { action, with: given } = step.planned.inverse!;
    const back = await onNode(world(), [action, given]);
    await back.apply();
    expect(await back.observe()).toMatchObject({ state: "done" });
  });

  it("a drain says which pods would be lost for good, and evicts the others", async () => {
    await makeNode(world(), "case-drain");
    await makePod(world(), "drained", { node: "case-drain", owned: true });
    await makePod(world(), "alone", { node: "case-drain", owned: false });
    const held = await onNode(world(), ["drain", { node: "case-drain" }]);
    expect(held.planned.warnings).toContainEqual(
      expect.objectContaining({
        level: "block",
        text: `Nothing makes these pods anew: ${namespace}/alone.`,
      }),
    );
    const step = await onNode(world(), ["drain", { node: "case-drain", unmanaged: true }]);
    await step.apply();
    await expect
      .poll(() => step.observe(true), { timeout: 20_000 })
      .toMatchObject({
        state: "done",
        evidence: [{ what: "case-drain is cordoned and 2 pods have left it" }],
      });
    expect(step.planned.inverse).toMatchObject({ action: "uncordon", with: { node: "case-drain" } });
  });

  it("a drain has not emptied a node that a pod came to after the plan, and names that pod", async () => {
    await makeNode(world(), "case-late");
    await makePod(world(), "known", { node: "case-late", owned: true });
    const step = await onNode(world(), ["drain", { node: "case-late" }]);
    await makePod(world(), "latecomer", { node: "case-late", owned: true });
    await step.apply();
    await expect
      .poll(() => step.observe(true), { timeout: 20_000 })
      .toMatchObject({
        state: "failed",
        detail: `case-late is cordoned, but not empty: ${namespace}/latecomer came after this was planned; plan the drain again`,
      });
    expect(await exists(world(), `${core}/pods/latecomer`)).toBe(true);
  });

  it("case 33: a disruption budget that blocks a drain is named, and its pod stays", async () => {
    await makeNode(world(), "case-budget");
    await world().admin.create(`/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "keeps-it" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "needed" } } },
    });
    await makePod(world(), "needed", { node: "case-budget", owned: true });
    await world().admin.patch(
      `${core}/pods/needed/status`,
      {
        status: {
          phase: "Running",
          conditions: [{ type: "Ready", status: "True" }],
        },
      },
      "strategic",
    );
    const step = await onNode(world(), ["drain", { node: "case-budget" }]);
    await step.apply();
    expect(await step.observe(true)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(
        /0 of 1 pods left case-budget, which is cordoned; not evicted: .*needed: the disruption budget keeps-it needs/,
      ),
    });
    expect(await exists(world(), `${core}/pods/needed`)).toBe(true);
  });
}
