import type { ApiCase } from "./api-case.ts";

const core = "/api/v1/namespaces/contract";
const batch = "/apis/batch/v1/namespaces/contract";
const policy = "/apis/policy/v1/namespaces/contract";

function post(path: string, body: object): ApiCase {
  return { name: `post ${path} ${JSON.stringify(body)}`, method: "POST", path, body };
}

/** What would be stored, with its defaults; nothing starts. */
function tried(path: string, body: object): ApiCase {
  return post(`${path}?dryRun=All`, body);
}

const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "a:v1" }] } };
const always = { spec: { containers: [{ name: "main", image: "a:v1" }] } };
const cpuBetween = (min: string, max: string) => ({
  type: "Container",
  min: { cpu: min },
  max: { cpu: max },
});

/** Jobs, budgets, quotas, limits and evictions. */
export const batchCases: ApiCase[] = [
  tried(`${batch}/jobs`, { metadata: { name: "j" }, spec: { template } }),
  tried(`${batch}/jobs`, {
    metadata: { name: "j" },
    spec: { template, parallelism: 2, suspend: true, ttlSecondsAfterFinished: 60 },
  }),
  tried(`${batch}/jobs`, { metadata: { name: "j" }, spec: { template: always } }),
  tried(`${batch}/jobs`, {
    metadata: { name: "j" },
    spec: { template, completions: -1, parallelism: -2, activeDeadlineSeconds: -3, backoffLimit: -4 },
  }),
  tried(`${batch}/cronjobs`, {
    metadata: { name: "c" },
    spec: { schedule: "0 3 * * *", jobTemplate: { spec: { template } } },
  }),
  tried(`${batch}/cronjobs`, {
    metadata: { name: "c" },
    spec: { schedule: "nightly", timeZone: "Mars/Base", jobTemplate: { spec: { template } } },
  }),
  tried(`${policy}/poddisruptionbudgets`, {
    metadata: { name: "b" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  }),
  tried(`${policy}/poddisruptionbudgets`, { metadata: { name: "b" }, spec: { minAvailable: "x%" } }),
  tried(`${policy}/poddisruptionbudgets`, { metadata: { name: "b" }, spec: { maxUnavailable: "200%" } }),
  tried(`${core}/resourcequotas`, {
    metadata: { name: "q" },
    spec: { hard: { pods: 3, "requests.cpu": "0.5", "limits.memory": "1024Mi" } },
  }),
  tried(`${core}/limitranges`, { metadata: { name: "l" }, spec: { limits: [cpuBetween("50m", "2000m")] } }),
  post(`${core}/pods/nobody/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "nobody" },
  }),
  post(`${core}/pods/nobody/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "another" },
  }),
  { name: "get an eviction", method: "GET", path: `${core}/pods/nobody/eviction` },
  { name: "get metrics nobody serves", method: "GET", path: "/apis/metrics.k8s.io/v1beta1/nodes" },
];
