import type { ApiCase } from "./api-case.ts";

const namespace = "/api/v1/namespaces/contract";
const settings = `${namespace}/configmaps/settings`;
const board = "/apis/apps/v1/namespaces/contract/deployments/board";

interface ApplyOptions {
  by?: string;
  force?: boolean;
  dryRun?: boolean;
}

function apply(path: string, manifest: unknown, { by = "ada", force, dryRun }: ApplyOptions = {}): ApiCase {
  const query = [`fieldManager=${by}`, ...(force ? ["force=true"] : []), ...(dryRun ? ["dryRun=All"] : [])];
  const body = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return {
    name: `apply ${path}?${query.join("&")} ${body}`,
    method: "PATCH",
    path: `${path}?${query.join("&")}`,
    headers: { "content-type": "application/apply-patch+yaml" },
    body,
    managers: true,
  };
}

function patch(type: string, path: string, body: unknown): ApiCase {
  return {
    name: `then ${type} ${path} ${JSON.stringify(body)}`,
    method: "PATCH",
    path: `${path}?fieldManager=hand`,
    headers: { "content-type": `application/${type}-patch+json` },
    body,
    managers: true,
  };
}

function map(data: unknown, metadata: object = {}): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", ...metadata }, data };
}

const labels = { app: "board" };

function deployment(spec: object, pod: object): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "board", labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod }, ...spec },
  };
}

const full = deployment(
  { replicas: 0, strategy: { type: "RollingUpdate" } },
  {
    containers: [
      {
        name: "web",
        image: "web:v1",
        ports: [{ containerPort: 80 }, { containerPort: 53, protocol: "UDP" }],
        env: [
          { name: "A", value: "1" },
          { name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
        ],
        resources: { limits: { cpu: "1" }, requests: {} },
        readinessProbe: { httpGet: { port: 80 } },
        volumeMounts: [{ name: "c", mountPath: "/c" }],
        command: ["a", "b"],
      },
      { name: "log", image: "log:v1" },
    ],
    volumes: [{ name: "c", configMap: { name: "c" } }],
    tolerations: [{ key: "a", operator: "Exists" }],
    nodeSelector: { a: "b" },
    imagePullSecrets: [{ name: "q" }],
    topologySpreadConstraints: [
      {
        topologyKey: "z",
        maxSkew: 1,
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: labels },
      },
    ],
  },
);

function named(...names: string[]): object {
  return deployment({ replicas: 0 }, { containers: names.map((name) => ({ name, image: `${name}:v1` })) });
}

const wrong: ApiCase[] = [
  apply(settings, map({ a: "1" }), { by: "" }),
  apply(settings, map({ a: "1" }, { managedFields: [] })),
  apply(settings, map({ a: "1" }, { namespace: "other" })),
  apply(settings, map({ a: "1" }, { name: "other" })),
  apply(settings, map({ a: "1" }, { uid: "x" })),
  apply(settings, map({ a: 1 })),
  apply(settings, ""),
  apply(settings, "[]"),
  apply(settings, { metadata: { name: "settings" } }),
  apply(settings, { ...map({}), apiVersion: "apps/v1" }),
  apply(settings, { ...map({}), kind: "Secret" }),
  apply("/api/v1/namespaces/nope/configmaps/settings", map({})),
  apply(board, deployment({ replicas: "x" }, {})),
  apply(board, deployment({ paused: 3 }, {})),
  apply(board, deployment({ paused: 3, replicas: "x" }, {})),
  apply(board, named("a", "a")),
  apply(board, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "board" } }),
  apply(`${board}/status`, named("a")),
  {
    name: "force on a merge patch",
    method: "PATCH",
    path: `${namespace}/configmaps/web?force=true`,
    headers: { "content-type": "application/merge-patch+json" },
    body: {},
  },
];

/** One after the other on the same objects: each case builds on what the ones before it left. */
export const applyCases: ApiCase[] = [
  ...wrong,
  apply(settings, map({ a: "1", b: "1" }), { dryRun: true }),
  apply(settings, map({ a: "1", b: "1" })),
  apply(settings, map({ a: "1", b: "1" }), { by: "bob" }),
  apply(settings, map({ a: "2" }), { by: "cy" }),
  apply(settings, map({ a: "2" }), { by: "cy", force: true }),
  apply(settings, map({ c: "1" })),
  apply(settings, map({}), { by: "bob" }),
  apply(settings, map({ a: "2" }, { finalizers: ["a/b"], labels: { x: "1" } }), { by: "cy" }),
  apply(settings, map({}, { finalizers: ["c/d"], labels: { y: "1" } }), { by: "dee" }),
  apply(settings, map({}), { by: "cy" }),
  apply(settings, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n  d: |\n    x\n", {
    by: "dee",
  }),
  patch("merge", settings, { data: { c: "2", e: "1" } }),
  apply(settings, map({ c: "3", e: "2", d: "y" })),
  apply(settings, map({ c: "3", e: "1" }, { resourceVersion: "1" })),
  patch("merge", settings, { metadata: { managedFields: [{}] } }),
  apply(settings, map({ c: "4" })),
  patch("json", settings, [{ op: "replace", path: "/data", value: { z: "1" } }]),
  apply(board, full, { dryRun: true }),
  apply(board, full),
  apply(board, full, { by: "bob" }),
  apply(board, deployment({ replicas: 2 }, { containers: [{ name: "web", image: "web:v2" }] }), {
    by: "bob",
  }),
  apply(board, deployment({}, { containers: [{ name: "web", image: "web:v1" }] }), { by: "bob" }),
  apply(board, deployment({ replicas: 0 }, { containers: [{ name: "web", image: "web:v2" }] })),
  apply(board, deployment({ replicas: 0 }, { containers: [{ name: "web", image: "web:v2" }] }), {
    force: true,
  }),
  patch("strategic-merge", board, {
    spec: { template: { spec: { containers: [{ name: "side", image: "side:v1" }] } } },
  }),
  apply(board, deployment({ replicas: 0 }, { containers: [{ name: "side", image: "side:v2" }] })),
  apply(board, deployment({ replicas: 0 }, { containers: [{ name: "side", image: "side:v2" }] }), {
    force: true,
  }),
  apply(board, named("web", "side"), { by: "bob", force: true }),
  apply(board, named("x", "side"), { by: "cy", force: true }),
  apply(board, named("side", "y", "web"), { by: "dee", force: true }),
  apply(board, named("web", "y"), { by: "cy", force: true }),
];
