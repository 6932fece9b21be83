import * as fc from "fast-check";
import { expect, it } from "vitest";
import { createAuthorizer, ruleAllows } from "../../../sandbox/cluster/rbac.ts";
import type { PolicyRule } from "../../../sandbox/cluster/rbac.ts";
import { createStore } from "../../../sandbox/cluster/store.ts";
import type { Store } from "../../../sandbox/cluster/store.ts";
import { by } from "./setup.ts";

const list = (...values: string[]) => fc.array(fc.constantFrom(...values), { maxLength: 3 });
const rule = fc.record({
  verbs: list("get", "patch", "*"),
  apiGroups: list("", "apps", "*"),
  resources: list("pods", "deployments", "deployments/scale", "*/scale", "*"),
  resourceNames: list("api", "db"),
});
const asked = fc.record({
  verb: fc.constantFrom("get", "patch", "delete"),
  group: fc.constantFrom("", "apps"),
  plural: fc.constantFrom("pods", "deployments"),
  subresource: fc.constantFrom(undefined, "scale", "status"),
  name: fc.constantFrom(undefined, "api", "db", "web"),
});

it("allows exactly the requests whose every part a rule names", () => {
  fc.assert(
    fc.property(rule, asked, (granted, { verb, group, plural, subresource, name }) => {
      const resource = {
        group,
        plural,
        ...(subresource !== undefined && { subresource }),
        ...(name !== undefined && { name }),
      };
      const whole = subresource === undefined ? plural : `${plural}/${subresource}`;
      const anyOf = (values: string[], ...wanted: string[]) => wanted.some((value) => values.includes(value));
      const expected =
        anyOf(granted.verbs, verb, "*") &&
        anyOf(granted.apiGroups, group, "*") &&
        anyOf(granted.resources, whole, "*", ...(subresource ? [`*/${subresource}`] : [])) &&
        (granted.resourceNames.length === 0 || (name !== undefined && granted.resourceNames.includes(name)));
      expect(ruleAllows(granted, { verb, resource })).toBe(expected);
    }),
  );
});

it("matches paths exactly or by a trailing star, and never resources", () => {
  const rules: PolicyRule = { verbs: ["get"], nonResourceURLs: ["/healthz", "/apis/*"] };
  expect(ruleAllows(rules, { verb: "get", path: "/apis/apps/v1" })).toBe(true);
  expect(ruleAllows(rules, { verb: "get", path: "/healthz/etcd" })).toBe(false);
  expect(ruleAllows(rules, { verb: "get", resource: { group: "", plural: "pods" } })).toBe(false);
});

const rbac = "rbac.authorization.k8s.io/v1";
const pods: PolicyRule = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };

function grant(store: Store, subject: object, rules: PolicyRule[], namespace?: string): void {
  const [role, binding] = namespace ? ["Role", "RoleBinding"] : ["ClusterRole", "ClusterRoleBinding"];
  const metadata = { name: "readers", ...(namespace && { namespace }) };
  store.create(`${role.toLowerCase()}s`, { apiVersion: rbac, kind: role, metadata, rules }, by);
  const roleRef = { kind: role, name: "readers" };
  const object = { apiVersion: rbac, kind: binding, metadata, subjects: [subject], roleRef };
  store.create(`${binding.toLowerCase()}s`, object, by);
}

function mayGetPods(store: Store, user: { name: string; groups?: string[] }, namespace?: string): boolean {
  const resource = { group: "", plural: "pods", ...(namespace && { namespace }) };
  const who = { name: user.name, groups: user.groups ?? [] };
  return createAuthorizer(store).authorize({ user: who, verb: "get", resource }).allowed;
}

it("keeps a RoleBinding to its namespace and lets a ClusterRoleBinding reach everywhere", () => {
  const store = createStore();
  grant(store, { kind: "User", name: "ada" }, [pods], "shop");
  expect(mayGetPods(store, { name: "ada" }, "shop")).toBe(true);
  expect(mayGetPods(store, { name: "ada" }, "other")).toBe(false);
  expect(mayGetPods(store, { name: "ada" })).toBe(false);
  grant(store, { kind: "Group", name: "team" }, [pods]);
  expect(mayGetPods(store, { name: "bob", groups: ["team"] })).toBe(true);
});

it("knows a service account by its user name", () => {
  const store = createStore();
  grant(store, { kind: "ServiceAccount", name: "crai", namespace: "crai" }, [pods], "shop");
  expect(mayGetPods(store, { name: "system:serviceaccount:crai:crai" }, "shop")).toBe(true);
  expect(mayGetPods(store, { name: "system:serviceaccount:shop:crai" }, "shop")).toBe(false);
});

it("follows changes of roles at once and says which binding allowed a request", () => {
  const store = createStore();
  const authorizer = createAuthorizer(store);
  const request = {
    user: { name: "ada", groups: [] },
    verb: "get",
    resource: { group: "", plural: "pods", namespace: "shop" },
  };
  expect(authorizer.authorize(request).allowed).toBe(false);
  grant(store, { kind: "User", name: "ada" }, [pods], "shop");
  expect(authorizer.authorize(request)).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "readers/shop" of Role "readers" to User "ada"',
  });
  store.delete("rolebindings", "shop", "readers", by);
  expect(authorizer.authorize(request).allowed).toBe(false);
});

it("lets system:masters do anything", () => {
  expect(mayGetPods(createStore(), { name: "root", groups: ["system:masters"] })).toBe(true);
});
