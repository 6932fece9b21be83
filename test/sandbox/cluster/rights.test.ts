import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { by, deployment, deployments, startApi } from "./setup.ts";
import type { Api, RequestOptions } from "./setup.ts";

const rbac = "rbac.authorization.k8s.io/v1";

function bind(api: Api, subject: object, rules: object[]): void {
  const { store } = api.cluster;
  const name = `grant-${store.list("clusterroles").length}`;
  store.create("clusterroles", { apiVersion: rbac, kind: "ClusterRole", metadata: { name }, rules }, by);
  const roleRef = { kind: "ClusterRole", name };
  const binding = {
    apiVersion: rbac,
    kind: "ClusterRoleBinding",
    metadata: { name },
    subjects: [subject],
    roleRef,
  };
  store.create("clusterrolebindings", binding, by);
}

const ada: RequestOptions = { headers: { authorization: "Bearer ada-token" } };
const bot = { authorization: "Bearer bot-token" };
const readDeployments = { verbs: ["get", "list"], apiGroups: ["apps"], resources: ["deployments"] };
const impersonateAda = [
  { verbs: ["impersonate"], apiGroups: [""], resources: ["users"], resourceNames: ["ada"] },
  { verbs: ["impersonate"], apiGroups: [""], resources: ["groups"], resourceNames: ["team", "on-call"] },
];
const crai = { kind: "ServiceAccount", name: "crai", namespace: "crai" };

it("takes a request without a token as the sandbox's administrator, and refuses an unknown token", async () => {
  const { call } = await startApi();
  expect((await call("GET", "/api/v1/secrets")).code).toBe(200);
  const stranger = await call("GET", "/api/v1/secrets", { headers: { authorization: "Bearer nope" } });
  expect(stranger.json).toMatchObject({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
});

it.each([
  [
    "GET",
    "/api/v1/pods",
    'pods is forbidden: User "ada" cannot list resource "pods" in API group "" at the cluster scope',
  ],
  [
    "GET",
    `${deployments}/web`,
    'deployments.apps "web" is forbidden: User "ada" cannot get resource "deployments" in API group "apps" in the namespace "default"',
  ],
  [
    "PATCH",
    `${deployments}/web/scale`,
    'deployments.apps "web" is forbidden: User "ada" cannot patch resource "deployments/scale" in API group "apps" in the namespace "default"',
  ],
  [
    "GET",
    `${deployments}?watch=1`,
    'deployments.apps is forbidden: User "ada" cannot watch resource "deployments" in API group "apps" in the namespace "default"',
  ],
  [
    "DELETE",
    deployments,
    'deployments.apps is forbidden: User "ada" cannot deletecollection resource "deployments" in API group "apps" in the namespace "default"',
  ],
  ["GET", "/metrics", 'forbidden: User "ada" cannot get path "/metrics"'],
])("forbids %s %s in kubectl's words", async (method, path, message) => {
  const { call } = await startApi();
  const answer = await call(method, path, ada);
  expect(answer.json).toMatchObject({ code: 403, reason: "Forbidden", message });
});

it("lets anyone ask what is served", async () => {
  const { call } = await startApi();
  for (const path of ["/api", "/apis", "/apis/apps/v1", "/version", "/openapi/v3", "/healthz"]) {
    expect([path, (await call("GET", path, ada)).code]).toEqual([path, 200]);
  }
});

it("carries a request out as the person it impersonates, in several groups, and audits both", async () => {
  const api = await startApi();
  bind(api, crai, impersonateAda);
  bind(api, { kind: "Group", name: "on-call" }, [readDeployments]);
  const as = { "impersonate-user": "ada", "impersonate-group": ["team", "on-call"] };
  const answer = await api.call("GET", deployments, { headers: { ...bot, ...as } });
  expect(answer.code).toBe(200);
  expect(api.cluster.audit.at(-1)).toMatchObject({
    level: "Metadata",
    verb: "list",
    user: { username: "system:serviceaccount:crai:crai" },
    impersonatedUser: { username: "ada", groups: ["team", "on-call", "system:authenticated"] },
    objectRef: { resource: "deployments", namespace: "default", apiGroup: "apps", apiVersion: "v1" },
    responseStatus: { code: 200 },
  });
});

it.each([
  [
    { "impersonate-user": "eve" },
    'users "eve" is forbidden: User "system:serviceaccount:crai:crai" cannot impersonate resource "users" in API group "" at the cluster scope',
  ],
  [
    { "impersonate-user": "ada", "impersonate-group": ["system:masters"] },
    'groups "system:masters" is forbidden',
  ],
  [{ "impersonate-user": "ada", "impersonate-uid": "7" }, 'uids.authentication.k8s.io "7" is forbidden'],
  [{ "impersonate-user": "system:serviceaccount:shop:x" }, 'serviceaccounts "x" is forbidden'],
  [
    { "impersonate-user": "ada", "impersonate-extra-scopes": "all" },
    'userextras.authentication.k8s.io "all" is forbidden',
  ],
])("refuses to impersonate beyond what is granted: %j", async (headers, message) => {
  const api = await startApi();
  bind(api, crai, impersonateAda);
  const answer = await api.call("GET", deployments, {
    headers: { ...bot, ...(headers as Record<string, string>) },
  });
  expect(answer.code).toBe(403);
  expect(answer.json["message"]).toContain(message);
});

it("never falls back to the rights of the one who impersonates", async () => {
  const api = await startApi();
  bind(api, crai, [...impersonateAda, readDeployments]);
  const answer = await api.call("GET", deployments, { headers: { ...bot, "impersonate-user": "ada" } });
  expect(answer.json["message"]).toContain('User "ada" cannot list');
});

const authorization = "/apis/authorization.k8s.io/v1";
const patchScale = {
  namespace: "default",
  verb: "patch",
  group: "apps",
  resource: "deployments",
  subresource: "scale",
};

it("answers whether someone may: for oneself, for others, in a namespace", async () => {
  const api = await startApi();
  bind(api, { kind: "User", name: "ada" }, [
    { verbs: ["patch"], apiGroups: ["apps"], resources: ["deployments/scale"], resourceNames: ["web"] },
  ]);
  const allowed = async (path: string, spec: object, options: RequestOptions = {}) => {
    const { json } = await api.call("POST", path, { ...options, body: { spec } });
    return (json["status"] as never as { allowed: boolean }).allowed;
  };
  const self = `${authorization}/selfsubjectaccessreviews`;
  expect(await allowed(self, { resourceAttributes: { ...patchScale, name: "web" } }, ada)).toBe(true);
  expect(await allowed(self, { resourceAttributes: { ...patchScale, name: "db" } }, ada)).toBe(false);
  expect(await allowed(self, { resourceAttributes: patchScale }, ada)).toBe(false);
  const others = `${authorization}/subjectaccessreviews`;
  expect(await allowed(others, { user: "ada", resourceAttributes: { ...patchScale, name: "web" } })).toBe(
    true,
  );
  expect(await allowed(others, { user: "eve", resourceAttributes: { ...patchScale, name: "web" } })).toBe(
    false,
  );
  const local = `${authorization}/namespaces/default/localsubjectaccessreviews`;
  expect(await allowed(local, { user: "ada", resourceAttributes: { ...patchScale, name: "web" } })).toBe(
    true,
  );
});

it("says who one is", async () => {
  const { call } = await startApi();
  const answer = await call("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {
    ...ada,
    body: {},
  });
  expect(answer.json["status"]).toEqual({
    userInfo: { username: "ada", groups: ["team", "system:authenticated"] },
  });
});

const kubectl = promisify(execFile);
const hasKubectl = await kubectl("kubectl", ["version", "--client"]).then(
  () => true,
  () => false,
);
if (!hasKubectl) console.log("skipped: no kubectl");

it.runIf(hasKubectl)("understands the protobuf that kubectl asks its reviews in", async () => {
  const api = await startApi();
  bind(api, { kind: "User", name: "ada" }, [readDeployments]);
  api.cluster.store.create("deployments", deployment("web"), by);
  const run = async (...args: string[]) => {
    const flags = ["--server", api.url, "--kubeconfig", "/dev/null", "--cache-dir", "/nonexistent"];
    const { stdout } = await kubectl("kubectl", [...flags, ...args]).catch(
      (error: { stdout: string }) => error,
    );
    return stdout.trim();
  };
  expect(await run("auth", "can-i", "get", "deployments", "--as", "ada")).toBe("yes");
  expect(await run("auth", "can-i", "delete", "deployments", "--as", "ada")).toBe("no");
  expect(await run("auth", "whoami", "--as", "ada", "-o", "jsonpath={.status.userInfo.username}")).toBe(
    "ada",
  );
  expect(await run("create", "namespace", "shop")).toBe("namespace/shop created");
  const created = await run("create", "deployment", "web2", "--image=web:v1", "--port=80");
  expect(created).toBe("deployment.apps/web2 created");
});
