import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isError } from "../../../src/domain/errors.ts";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { endOf, folderOf, planManifests, said } from "./manifest-steps.ts";
import { alex, namespace, type WorldOf } from "./world.ts";

const core = `/api/v1/namespaces/${namespace}`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;

function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { mode: ${value} }\n`;
}

function deployment(name: string, image: string, replicas = 0): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      initContainers: [{ name: migrate, image: "${image}" }]
      containers:
        - name: app
          image: ${image}
          env: [{ name: PASSWORD, value: hunter2 }]
        - { name: proxy, image: "envoy:production" }
`;
}

function containersOf(object: JsonObject): { name: string; image: string }[] {
  const { template } = object["spec"] as {
    template: { spec: { containers: { name: string; image: string }[] } };
  };
  return template.spec.containers.map(({ name, image }) => ({ name, image }));
}

function versionOf(object: JsonObject): string {
  return (object["metadata"] as { resourceVersion: string }).resourceVersion;
}

/** What applying manifests does, undoes and refuses. */
export function manifestCases(world: WorldOf): void {
  it("makes what is not there, and finds its own work again", async () => {
    const name = "new-shop";
    const folder = folderOf({
      "shop.yaml": [deployment(name, "shop:1"), configMap(name, "fast")].join("---\n"),
    });
    const step = await planManifests(world(), folder, ["manifest-apply", { files: ["shop.yaml"] }]);

    expect(said(step)).toEqual([]);
    expect(step.planned.facts[0]?.value).toBe(`ConfigMap ${name} is new; Deployment ${name} is new`);
    expect(step.planned.diff).toContain("+  name: new-shop");
    expect(JSON.stringify(step.planned.diff)).not.toContain("hunter2");
    expect(JSON.stringify(step.planned.state)).not.toContain("hunter2");
    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });

    const made = versionOf(await world().admin.get(`${core}/configmaps/${name}`));
    await step.apply();
    expect(versionOf(await world().admin.get(`${core}/configmaps/${name}`))).toBe(made);
    const again = await planManifests(world(), folder, ["manifest-apply", { files: ["shop.yaml"] }]);
    expect(again.planned).toMatchObject({ diff: null, inverse: null });
    expect(await again.observe()).toMatchObject({
      state: "done",
      evidence: [{ what: `ConfigMap ${name}, Deployment ${name} unchanged` }],
    });
  });

  it("sets the tag on every container with the app's image, and on no other", async () => {
    const name = "tagged";
    const image = "registry.example.com:5000/team/shop";
    const folder = folderOf({ "shop.yaml": deployment(name, `${image}:production`) });
    const step = await planManifests(
      world(),
      folder,
      ["manifest-apply", { files: ["shop.yaml"], tag: "v2" }],
      { apps: { shop: name } },
    );
    expect(step.planned.apps).toEqual(["shop"]);
    await step.apply();
    const made = await world().admin.get(`${deployments}/${name}`);
    expect(containersOf(made)).toEqual([
      { name: "app", image: `${image}:v2` },
      { name: "proxy", image: "envoy:production" },
    ]);
    const { template } = made["spec"] as { template: { spec: { initContainers: { image: string }[] } } };
    expect(template.spec.initContainers[0]?.image).toBe(`${image}:v2`);
  });

  it("names the manager that owns a field, and takes it over only where that is said", async () => {
    const name = "contended";
    const first = folderOf({ "a.yaml": configMap(name, "slow") });
    await (await planManifests(world(), first, ["manifest-apply", { files: ["a.yaml"] }])).apply();
    await world().admin.patch(`${core}/configmaps/${name}`, { data: { mode: "by-hand" } });

    const folder = folderOf({ "a.yaml": configMap(name, "fast") });
    const params = { files: ["a.yaml"] };
    const stopped = await planManifests(world(), folder, ["manifest-apply", params]);
    expect(said(stopped, "block")).toEqual([
      expect.stringMatching(/^administrator owns .*mode of ConfigMap contended.*--take-over/),
    ]);

    const forced = await planManifests(world(), folder, ["manifest-apply", { ...params, takeOver: true }]);
    expect(said(forced)).toEqual([
      expect.stringMatching(/^Takes .*mode of ConfigMap contended over from administrator/),
    ]);
    await forced.apply();
    expect(await forced.observe()).toMatchObject({ state: "done" });
    expect(await world().admin.get(`${core}/configmaps/${name}`)).toMatchObject({ data: { mode: "fast" } });
  });

  it("does not write onto what somebody changed after the plan", async () => {
    const name = "drifting";
    await (
      await planManifests(world(), folderOf({ "a.yaml": configMap(name, "slow") }), [
        "manifest-apply",
        { files: ["a.yaml"] },
      ])
    ).apply();
    const folder = folderOf({ "a.yaml": configMap(name, "fast") });
    const step = await planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
    await world().admin.patch(`${core}/configmaps/${name}`, { data: { mode: "other" } });
    expect(await step.observe()).toMatchObject({
      state: "diverged",
      detail: expect.stringMatching(/^ConfigMap drifting was changed by administrator/),
    });
    const drift = await step.apply().catch((error: unknown) => error);
    expect(isError(drift, "PlanDrifted")).toBe(true);
  });

  it("does not apply a file that is another since it was planned", async () => {
    const folder = folderOf({ "a.yaml": configMap("edited", "slow") });
    const step = await planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
    writeFileSync(join(folder, "a.yaml"), configMap("edited", "fast"));
    expect(await step.observe()).toMatchObject({
      state: "diverged",
      detail: "a.yaml changed since it was planned",
    });
    const drift = await step.apply().catch((error: unknown) => error);
    expect(isError(drift, "PlanDrifted")).toBe(true);
  });

  it("puts back what was there, removes what it made, and leaves what holds data", async () => {
    const name = "undone";
    const old = folderOf({ "a.yaml": [configMap(name, "slow"), deployment(name, "shop:1")].join("---\n") });
    const params = { files: ["a.yaml"] };
    await (await planManifests(world(), old, ["manifest-apply", params])).apply();
    const claim = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: ${name} }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
    const added = deployment(name, "shop:2").replace("replicas: 0", "replicas: 0\n  minReadySeconds: 5");
    const files = [configMap(name, "fast"), added, configMap(`${name}-new`, "fast"), claim];
    const folder = folderOf({ "a.yaml": files.join("---\n") });
    const step = await planManifests(world(), folder, ["manifest-apply", params], { actor: alex });
    expect(step.planned.facts).toContainEqual({
      label: "An undo leaves",
      value: `PersistentVolumeClaim ${name} (data may depend on it)`,
    });
    await step.apply();

    const { action, with: given } = step.planned.inverse!;
    const undo = await planManifests(world(), folder, [action, given], { actor: alex });
    expect(said(undo)).toEqual([]);
    expect(await undo.observe()).toMatchObject({ state: "pending" });
    await undo.apply();
    expect(await endOf(undo)).toMatchObject({ state: "done" });

    expect(await world().admin.get(`${core}/configmaps/${name}`)).toMatchObject({ data: { mode: "slow" } });
    const after = await world().admin.get(`${deployments}/${name}`);
    expect(containersOf(after)[0]).toEqual({ name: "app", image: "shop:1" });
    expect((after["spec"] as JsonObject)["minReadySeconds"]).toBeUndefined();
    await expect(world().admin.get(`${core}/configmaps/${name}-new`)).rejects.toThrow("404");
    expect(await world().admin.get(`${core}/persistentvolumeclaims/${name}`)).toMatchObject({
      kind: "PersistentVolumeClaim",
    });
  });

  it("says how far it got when the cluster refuses the second of two", async () => {
    const name = "half";
    const folder = folderOf({
      "a.yaml": [configMap(name, "fast"), deployment(name, "shop:1")].join("---\n"),
    });
    const step = await planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
    const quotas = `${core}/resourcequotas`;
    const hard = { "count/deployments.apps": "0" };
    await world().admin.create(quotas, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name },
      spec: { hard },
    });
    await world().admin.patch(`${quotas}/${name}/status`, {
      status: { hard, used: { "count/deployments.apps": "0" } },
    });
    try {
      await step.apply();
      expect(await step.observe(true)).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(/^Deployment half was not applied\. .*exceeded quota/),
        evidence: [
          { what: "ConfigMap half applied", ok: true },
          { what: "Deployment half not applied", ok: false },
        ],
      });
      const planned = await planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
      expect(said(planned, "block")).toEqual([expect.stringMatching(/exceeded quota/)]);
    } finally {
      await world().admin.delete(`${quotas}/${name}`);
    }
    const { action, with: given } = step.planned.inverse!;
    const undo = await planManifests(world(), folder, [action, given]);
    expect(undo.planned.facts).toEqual([{ label: "Puts back", value: "ConfigMap half is removed" }]);
  });

  it("says in the words of an admission policy why the cluster does not take it, before and after the plan", async () => {
    const name = "forbidden-name";
    const folder = folderOf({ "a.yaml": configMap(name, "fast") });
    const step = await planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
    expect(said(step)).toEqual([]);
    const group = "/apis/admissionregistration.k8s.io/v1";
    const { admin } = world();
    await admin.create(`${group}/validatingadmissionpolicies`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] },
          ],
        },
        validations: [
          { expression: `object.metadata.name != '${name}'`, message: "that name is not used here" },
        ],
      },
    });
    await admin.create(`${group}/validatingadmissionpolicybindings`, {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    });
    try {
      const planned = () => planManifests(world(), folder, ["manifest-apply", { files: ["a.yaml"] }]);
      // An API server takes a moment to know a new policy.
      await expect
        .poll(async () => said(await planned(), "block"), { timeout: 20_000 })
        .toEqual([expect.stringMatching(/denied request: that name is not used here/)]);
      await expect(step.apply()).rejects.toMatchObject({
        why: expect.stringContaining("that name is not used here"),
      });
      await expect(admin.get(`${core}/configmaps/${name}`)).rejects.toThrow("404");
    } finally {
      await admin.delete(`${group}/validatingadmissionpolicybindings/${name}`);
      await admin.delete(`${group}/validatingadmissionpolicies/${name}`);
    }
  });

  it("cannot ask about a namespace that comes first, and makes it all the same", async () => {
    const fresh = "fresh";
    const folder = folderOf({
      "namespace.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${fresh} }\n`,
      "a.yaml": configMap("first", "fast"),
    });
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create", "patch"] }];
    await world().admin.create(`${rbac}/clusterroles`, {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name: fresh },
      rules,
    });
    await world().admin.create(`${rbac}/clusterrolebindings`, {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: fresh },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: fresh },
      subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "sre-leads" }],
    });
    const params = { files: ["a.yaml"], namespace: fresh };
    const alone = await planManifests(world(), folder, ["manifest-apply", params], { actor: alex });
    expect(said(alone, "block")).toEqual([expect.stringMatching(/namespaces "fresh" not found/)]);

    const make = await planManifests(world(), folder, ["manifest-apply", { files: ["namespace.yaml"] }]);
    expect(make.planned.inverse).toBeNull();
    const fill = await planManifests(world(), folder, ["manifest-apply", params], {
      actor: alex,
      before: [make.before()],
    });
    expect(said(fill)).toEqual([]);
    await make.apply();
    expect(await make.observe()).toMatchObject({ state: "done" });
    expect(await fill.observe()).toMatchObject({ state: "pending" });
    await fill.apply();
    expect(await fill.observe()).toMatchObject({ state: "done" });
  });

  it("waits for the workloads of a manifest, and says why no pod can be made", async () => {
    const name = "waited";
    const folder = folderOf({ "a.yaml": deployment(name, "shop:1", 1) });
    const files = { files: ["a.yaml"] };
    const quotas = `${core}/resourcequotas`;
    const hard = { pods: "0" };
    const made = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name }, spec: { hard } };
    await world().admin.create(quotas, made);
    await world().admin.patch(`${quotas}/${name}/status`, { status: { hard, used: { pods: "0" } } });
    try {
      const step = await planManifests(world(), folder, ["manifest-apply", files]);
      const wait = await planManifests(world(), folder, ["workload-wait", { ...files, stuckAfter: "1s" }], {
        before: [step.before()],
      });
      await step.apply();
      expect(await endOf(wait)).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(/^waited: No new pod can be made: .*exceeded quota/),
      });
    } finally {
      await world().admin.delete(`${quotas}/${name}`);
    }
  });
}
