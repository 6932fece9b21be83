import { expect, it } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import type { Json } from "../../../src/engine/ports.ts";
import { planManifests } from "./manifest-steps.ts";
import { good, make, target } from "./workloads.ts";
import { namespace, type World, type WorldOf } from "./world.ts";

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const policies = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;

async function look(world: World, [name, params]: [string, Record<string, Json>], app: string) {
  const step = await planManifests(world, "none", [name, params], { apps: { [app]: app } });
  return step.observe();
}

export function preflightCases(world: WorldOf): void {
  it("the API server's version is read and held to the least", async () => {
    const seen = (version: string) => look(world(), ["cluster-check", { of: "version", version }], "none");
    expect(await seen("1.24")).toMatchObject({
      state: "done",
      evidence: [{ what: expect.stringMatching(/^Kubernetes v1\.\d+\..* \(at least 1\.24\)$/), ok: true }],
    });
    expect(await seen("1.99")).toMatchObject({ state: "failed" });
    // 1.100 is later than 1.99, and 1.4 earlier than 1.32.
    expect(await seen("1.4")).toMatchObject({ state: "done" });
    expect(await seen("1.100")).toMatchObject({ state: "failed" });
  });

  it("an app is isolated once a NetworkPolicy selects its pods, and not by one for others", async () => {
    await make(world(), target("isolated"), good);
    const policy = (name: string, app: string) => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name },
      spec: { podSelector: { matchExpressions: [{ key: "app", operator: "In", values: [app] }] } },
    });
    const seen = () => look(world(), ["isolation-check", { of: "network-policies" }], "isolated");
    await world().admin.create(policies, policy("for-others", "others"));
    expect(await seen()).toMatchObject({
      state: "failed",
      detail: "isolated is under no NetworkPolicy",
    });
    await world().admin.create(policies, policy("for-isolated", "isolated"));
    expect(await seen()).toMatchObject({
      state: "done",
      evidence: [{ what: "isolated is under for-isolated", ok: true }],
    });
  });

  it("whoever may not see bindings leaves them to people, and whoever may finds the account that may do everything", async () => {
    await make(world(), target("bound"), good);
    const seen = () => look(world(), ["isolation-check", { of: "rbac" }], "bound");
    expect(await seen()).toMatchObject({
      state: "unknown",
      detail: expect.stringMatching(/clusterrolebindings/),
    });

    const { admin } = world();
    await admin.create(`${rbac}/clusterroles`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "sees-rights" },
      rules: [
        {
          apiGroups: ["rbac.authorization.k8s.io"],
          resources: ["clusterroles", "clusterrolebindings", "roles", "rolebindings"],
          verbs: ["get", "list"],
        },
      ],
    });
    await admin.create(`${rbac}/clusterrolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "sees-rights" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "sees-rights" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: people.robin.kubernetes.user }],
    });
    // An API server takes a moment to see what was granted.
    await expect.poll(seen, { timeout: 10_000 }).toMatchObject({
      state: "done",
      evidence: [{ what: "bound runs as default, which has no role that may do everything", ok: true }],
    });

    await admin.create(`${rbac}/namespaces/${namespace}/roles`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "anything" },
      rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
    });
    await admin.create(`${rbac}/namespaces/${namespace}/rolebindings`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "anything" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "anything" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace }],
    });
    expect(await seen()).toMatchObject({
      state: "failed",
      detail: "bound runs as default, which may do everything by anything",
    });
  });
}
