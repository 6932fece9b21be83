import type { ApiCase } from "./api-case.ts";
import { applyCases } from "./apply-cases.ts";
import { batchCases } from "./batch-cases.ts";

type PatchType = "json" | "merge" | "strategic-merge";

const namespace = "/api/v1/namespaces/contract";
const deployments = "/apis/apps/v1/namespaces/contract/deployments";
const web = `${deployments}/web`;
const authorization = "/apis/authorization.k8s.io/v1";
const asBob = { "impersonate-user": "bob" };

const container = {
  name: "web",
  image: "web:v1",
  ports: [{ containerPort: 8080 }],
  env: [
    { name: "A", value: "1" },
    { name: "NS", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: "EMPTY", value: "" },
  ],
  resources: { limits: { cpu: "0.5", memory: "1024Mi" }, requests: { cpu: 0.1 } },
  readinessProbe: { httpGet: { port: 8080 } },
  volumeMounts: [{ name: "c", mountPath: "/c" }],
};
const volumes = [
  { name: "c", configMap: { name: "c" } },
  { name: "s", secret: { secretName: "x" } },
  { name: "e" },
];

function workload(name: string, spec: object) {
  return {
    metadata: { name, labels: { app: name } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container], volumes } },
      ...spec,
    },
  };
}

/** What both clusters hold before the cases: nothing that starts a pod. */
export const fixtures: { path: string; body: object }[] = [
  { path: "/api/v1/namespaces", body: { metadata: { name: "contract" } } },
  { path: deployments, body: workload("web", { replicas: 0 }) },
  {
    path: "/apis/apps/v1/namespaces/contract/statefulsets",
    body: workload("db", { replicas: 0, serviceName: "db" }),
  },
  {
    path: `${namespace}/configmaps`,
    body: { metadata: { name: "web", labels: { a: "b" } }, data: { a: "b" } },
  },
  {
    path: "/apis/rbac.authorization.k8s.io/v1/namespaces/contract/roles",
    body: { metadata: { name: "r" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] },
  },
  {
    path: "/apis/rbac.authorization.k8s.io/v1/namespaces/contract/rolebindings",
    body: {
      metadata: { name: "r" },
      roleRef: { kind: "Role", name: "r", apiGroup: "rbac.authorization.k8s.io" },
      subjects: [{ kind: "User", name: "bob", apiGroup: "rbac.authorization.k8s.io" }],
    },
  },
];

function get(path: string, headers?: Record<string, string>): ApiCase {
  return {
    name: `get ${path}${headers ? ` ${Object.values(headers).join(" ")}` : ""}`,
    method: "GET",
    path,
    ...(headers && { headers }),
  };
}

function send(method: string, path: string, body: unknown, headers?: Record<string, string>): ApiCase {
  const as = headers?.["impersonate-user"] ? ` as ${headers["impersonate-user"]}` : "";
  return {
    name: `${method.toLowerCase()} ${path} ${textOf(body)}${as}`,
    method,
    path,
    body,
    ...(headers && { headers }),
  };
}

function patch(type: PatchType, body: unknown, path = web): ApiCase {
  const headers = { "content-type": `application/${type}-patch+json` };
  return {
    name: `${type} ${path} ${textOf(body)}`,
    method: "PATCH",
    path: `${path}?dryRun=All`,
    headers,
    body,
  };
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : (JSON.stringify(body) ?? "");
}

const inTemplate = (spec: object) => ({ spec: { template: { spec } } });
const inContainer = (fields: object) => inTemplate({ containers: [{ name: "web", ...fields }] });

const reads: ApiCase[] = [
  "/apis/apps/v1/foos",
  "/apis/foo/v1/bars",
  "/nope",
  `${namespace}/pods/x`,
  `${namespace}/nopes/x`,
  "/api/v1/namespaces/nope",
  "/api/v1/namespaces/contract/nodes",
  `${web}/nope`,
  `${deployments}/nope/status`,
  `${deployments}/nope/scale`,
  `${web}/scale`,
  `${namespace}/pods?labelSelector=a%20b%3Dc`,
  `${namespace}/pods?fieldSelector=foo%3Dc`,
  `${deployments}?fieldSelector=foo%3Dc`,
  `${deployments}?fieldSelector=foo`,
  `${namespace}/pods?resourceVersion=abc`,
  `${namespace}/configmaps?labelSelector=a%3Db`,
  `${namespace}/configmaps?watch=true&sendInitialEvents=true`,
  "/healthz",
  "/apis/apps",
].map((path) => get(path));

const negotiated: ApiCase[] = [
  get(`${namespace}/configmaps`, { accept: "application/foo" }),
  get(`${namespace}/configmaps/web`, {
    accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  }),
  get(`${namespace}/configmaps/nope`, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" }),
];

const refusedWrites: ApiCase[] = [
  send("POST", `${namespace}/pods/x`, {}),
  send("PUT", "/api/v1/pods", {}),
  send("POST", "/api/v1/configmaps", { metadata: { name: "x" } }),
  send("DELETE", "/api/v1/configmaps", undefined),
  send("PATCH", web, {}, { "content-type": "application/json" }),
  send("POST", deployments, { metadata: { name: "q" }, spec: { replicas: "x" } }),
  send("POST", deployments, { metadata: { name: "q" }, spec: { replicas: -2 } }),
  send("POST", deployments, "{"),
  send("POST", deployments, ""),
  send("POST", deployments, "{}", { "content-type": "foo/bar" }),
  send("POST", `${namespace}/configmaps`, { metadata: { name: "Q" } }),
  send("POST", `${namespace}/configmaps`, { metadata: {} }),
  send("POST", `${namespace}/configmaps`, { metadata: { name: "z", namespace: "other" } }),
  send("POST", `${namespace}/configmaps`, { metadata: { name: "web" } }),
  send("POST", "/api/v1/namespaces/nope/configmaps", { metadata: { name: "web" } }),
  send("POST", `${namespace}/configmaps?dryRun=foo`, { metadata: { name: "x" } }),
  send("POST", `${namespace}/services?dryRun=All`, {
    metadata: { name: "1a" },
    spec: { ports: [{ port: 80 }] },
  }),
  send("POST", `${namespace}/services?dryRun=All`, { metadata: { name: "a" }, spec: {} }),
  send("POST", `${namespace}/pods?dryRun=All`, { metadata: { name: "a" } }),
  send("PUT", `${namespace}/configmaps/nope?dryRun=All`, { metadata: { name: "nope" } }),
  send("PUT", `${namespace}/configmaps/web?dryRun=All`, { metadata: { name: "other" } }),
  send("PUT", `${namespace}/configmaps/web?dryRun=All`, { metadata: {} }),
  send("PUT", `${namespace}/configmaps/web?dryRun=All`, { metadata: { name: "web", resourceVersion: "1" } }),
  send("DELETE", `${namespace}/configmaps/nope`, undefined),
  send("DELETE", web, { preconditions: { uid: "x" } }),
];

const writes: ApiCase[] = [
  send("POST", `${deployments}?dryRun=All`, workload("new", {})),
  send(
    "POST",
    "/apis/apps/v1/namespaces/contract/statefulsets?dryRun=All",
    workload("new", { serviceName: "new" }),
  ),
  send("POST", "/apis/apps/v1/namespaces/contract/daemonsets?dryRun=All", workload("new", {})),
  send("POST", "/apis/apps/v1/namespaces/contract/replicasets?dryRun=All", workload("new", {})),
  send("POST", "/apis/autoscaling/v2/namespaces/contract/horizontalpodautoscalers?dryRun=All", {
    metadata: { name: "web" },
    spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
  }),
  send("POST", "/apis/policy/v1/namespaces/contract/poddisruptionbudgets?dryRun=All", {
    metadata: { name: "web" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  }),
  send("POST", "/apis/networking.k8s.io/v1/namespaces/contract/networkpolicies?dryRun=All", {
    metadata: { name: "web" },
    spec: { podSelector: { matchLabels: { app: "web" } }, ingress: [{}] },
  }),
  send("POST", `${namespace}/secrets?dryRun=All`, { metadata: { name: "x" }, stringData: { a: "b" } }),
  send("PUT", `${namespace}/configmaps/web?dryRun=All`, { metadata: { name: "web" }, data: { x: "y" } }),
  send("DELETE", `${namespace}/configmaps/web?dryRun=All`, undefined),
  send("DELETE", `${web}?dryRun=All`, undefined),
];

const mergePatches: ApiCase[] = (["merge", "strategic-merge"] as const).flatMap((type) =>
  [
    "{",
    "[]",
    { spec: { replicas: -1 } },
    { spec: { replicas: null } },
    { spec: { paused: true } },
    { spec: { selector: { matchLabels: { app: "x" } } } },
    { spec: { template: { metadata: { labels: { app: "x" } } } } },
    { metadata: { name: "other" } },
    { metadata: { namespace: "other" } },
    { metadata: { resourceVersion: "1" } },
    { metadata: { labels: null } },
    { metadata: { annotations: { x: null, y: "1" } } },
    inTemplate({ containers: [] }),
    inTemplate({ containers: [{ name: "A" }] }),
    inTemplate({ containers: [{ name: "a", image: "x", volumeMounts: [{ name: "no", mountPath: "/x" }] }] }),
    inTemplate({ containers: [{ name: "a", image: "x", ports: [{ containerPort: 0 }] }] }),
    inTemplate({ containers: [{ name: "a", image: "x", env: [{ value: "x" }] }] }),
    { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    { spec: { strategy: { type: "Recreate" } } },
    { spec: { strategy: { type: "Recreate", rollingUpdate: null } } },
    { spec: { progressDeadlineSeconds: 0 } },
    inTemplate({ restartPolicy: "Never" }),
    { spec: { revisionHistoryLimit: -1 } },
    { status: { replicas: 9 } },
  ].map((body) => patch(type, body)),
);

const jsonPatches: ApiCase[] = [
  "{",
  "{}",
  [],
  [{ path: "/spec/replicas" }],
  [{ op: "frob", path: "/spec/nope" }],
  [{ op: "test", path: "/spec/replicas", value: 77 }],
  [{ op: "test", path: "/spec/nope", value: null }],
  [
    { op: "test", path: "/spec/replicas", value: 0 },
    { op: "replace", path: "/spec/replicas", value: 4 },
  ],
  [{ op: "replace", path: "/spec/nope/x", value: 7 }],
  [{ op: "replace", path: "/metadata/annotations", value: { a: "b" } }],
  [{ op: "replace", path: "/spec/replicas" }],
  [{ op: "remove", path: "/spec/nope" }],
  [{ op: "remove", path: "/metadata/labels/app" }],
  [{ op: "add", path: "/spec/template/spec/containers/-", value: { name: "b", image: "b" } }],
  [{ op: "add", path: "/spec/template/spec/containers/0", value: { name: "b", image: "b" } }],
  [{ op: "add", path: "/spec/template/spec/containers/7", value: { name: "b", image: "b" } }],
  [{ op: "copy", from: "/spec/replicas", path: "/spec/minReadySeconds" }],
  [{ op: "move", from: "/metadata/labels/app", path: "/metadata/labels/app2" }],
  [{ op: "test", path: "/metadata/resourceVersion", value: "1" }],
].map((body) => patch("json", body));

const strategicPatches: ApiCase[] = [
  inTemplate({ containers: [{ image: "x" }] }),
  inTemplate({ containers: [{ $patch: "frob", name: "web" }] }),
  inTemplate({ containers: [{ name: "side", image: "s:1" }] }),
  inTemplate({
    "$setElementOrder/containers": [{ name: "web" }, { name: "side" }],
    containers: [{ name: "side", image: "s:1" }],
  }),
  inContainer({
    env: [
      { name: "A", $patch: "delete" },
      { name: "B", value: "2" },
    ],
  }),
  inContainer({ env: [{ $patch: "replace" }, { name: "B", value: "2" }] }),
  inContainer({
    "$setElementOrder/env": [{ name: "NS" }, { name: "A" }, { name: "C" }],
    env: [{ name: "C", value: "3" }],
  }),
  inContainer({ env: null }),
  inContainer({ ports: [{ containerPort: 9090 }, { containerPort: 8080, name: "http" }] }),
  inContainer({ command: ["a", "b"], resources: { limits: { cpu: "1" } } }),
  inContainer({ readinessProbe: { httpGet: null, exec: { command: ["a"] } } }),
  inTemplate({ volumes: [{ name: "c", $retainKeys: ["name", "emptyDir"], emptyDir: {} }] }),
  { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
  inTemplate({ tolerations: [{ key: "a", operator: "Exists" }] }),
  {
    spec: {
      template: {
        $patch: "replace",
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "n", image: "n:1" }] },
      },
    },
  },
  { metadata: { labels: { $patch: "replace", z: "1" } } },
  { metadata: { labels: { $patch: "delete" } } },
  { metadata: { finalizers: ["a/b"], "$setElementOrder/finalizers": ["a/b"] } },
  { spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "x" } } } } },
  inTemplate({
    topologySpreadConstraints: [{ topologyKey: "z", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
    imagePullSecrets: [{ name: "q" }],
    hostAliases: [{ ip: "1.1.1.1", hostnames: ["a"] }],
  }),
].map((body) => patch("strategic-merge", body));

const subresources: ApiCase[] = [
  patch("merge", { spec: { replicas: -1 } }, `${web}/scale`),
  patch("merge", { spec: { replicas: 5 } }, `${web}/scale`),
  patch("merge", { metadata: { resourceVersion: "1" }, spec: { replicas: 5 } }, `${web}/scale`),
  patch("merge", { spec: { replicas: 5 } }, `${deployments}/nope/scale`),
  send("POST", `${web}/scale`, {}),
  patch("merge", { spec: { serviceName: "x" } }, "/apis/apps/v1/namespaces/contract/statefulsets/db"),
];

const bobs: ApiCase[] = [
  ...[
    "/metrics",
    "/api/v1/pods",
    web,
    `${web}/scale`,
    namespace,
    "/api/v1/nodes/x",
    "/apis/apps/v1/foos",
  ].map((path) => get(path, asBob)),
  get(`${deployments}?watch=1`, asBob),
  get(`${deployments}?fieldSelector=metadata.name%3Dweb`, asBob),
  get("/api/v1/pods", { "impersonate-user": "system:serviceaccount:a:b" }),
  get("/api/v1/pods", { "impersonate-user": "system:anonymous" }),
  send("DELETE", web, undefined, asBob),
  send("DELETE", deployments, undefined, asBob),
  send("POST", deployments, { metadata: { name: "q" } }, asBob),
  send("PATCH", web, {}, { ...asBob, "content-type": "application/merge-patch+json" }),
];

function review(kind: string, spec: object, headers?: Record<string, string>): ApiCase {
  const plural = `${kind.toLowerCase()}s`;
  return send(
    "POST",
    `${authorization}/${plural}`,
    { kind, apiVersion: "authorization.k8s.io/v1", spec },
    headers,
  );
}

const getPods = { resourceAttributes: { namespace: "contract", verb: "get", resource: "pods" } };
const listPods = { resourceAttributes: { namespace: "contract", verb: "list", resource: "pods" } };

const reviews: ApiCase[] = [
  review("SelfSubjectAccessReview", getPods, asBob),
  review("SelfSubjectAccessReview", listPods, asBob),
  review("SelfSubjectAccessReview", getPods),
  review("SelfSubjectAccessReview", { nonResourceAttributes: { path: "/x", verb: "get" } }),
  review("SubjectAccessReview", { user: "bob", groups: ["g"], ...getPods }),
  review("SubjectAccessReview", { user: "eve", ...getPods }),
  send(
    "POST",
    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    {},
    { ...asBob, "impersonate-group": "x" },
  ),
];

export const cases: ApiCase[] = [
  ...reads,
  ...negotiated,
  ...refusedWrites,
  ...writes,
  ...mergePatches,
  ...jsonPatches,
  ...strategicPatches,
  ...subresources,
  ...bobs,
  ...reviews,
  ...applyCases,
  ...batchCases,
];
