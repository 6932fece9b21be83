import { expect, it, onTestFinished } from "vitest";
import { startControllers } from "../../../sandbox/cluster/controllers/start.ts";
import { startApi } from "./setup.ts";
import type { Api } from "./setup.ts";
import { eventually, startWorld, workload } from "./world.ts";

const namespace = "/api/v1/namespaces/default";

/** An API server with its controllers. */
async function startAll(): Promise<Api> {
  const api = await startApi();
  const controllers = startControllers(api.cluster.store, { now: () => new Date() });
  onTestFinished(() => controllers.close());
  return api;
}

function quota(hard: Record<string, string>, rest: object = {}): object {
  return { metadata: { name: "compute" }, spec: { hard, ...rest } };
}

function pod(name: string, resources: object = {}): object {
  return { metadata: { name }, spec: { containers: [{ name: "main", image: "web:v1", resources }] } };
}

it("refuses what a quota has no room for, in Kubernetes's words", async () => {
  const { call } = await startAll();
  const hard = { pods: "3", "requests.cpu": "2", "limits.memory": "4Gi" };
  await call("POST", `${namespace}/resourcequotas`, { body: quota(hard) });
  const first = pod("first", { requests: { cpu: "1500m" }, limits: { memory: "1Gi" } });
  expect((await call("POST", `${namespace}/pods`, { body: first })).code).toBe(201);

  const unsaid = await call("POST", `${namespace}/pods`, { body: pod("second") });
  const tooMuch = await call("POST", `${namespace}/pods`, {
    body: pod("second", { requests: { cpu: 1 }, limits: { memory: "3584Mi" } }),
  });

  expect(unsaid.json).toMatchObject({
    code: 403,
    reason: "Forbidden",
    message:
      'pods "second" is forbidden: failed quota: compute: must specify limits.memory for: main; requests.cpu for: main',
  });
  expect(tooMuch.json).toMatchObject({
    code: 403,
    message:
      'pods "second" is forbidden: exceeded quota: compute, requested: limits.memory=3584Mi,requests.cpu=1, used: limits.memory=1Gi,requests.cpu=1500m, limited: limits.memory=4Gi,requests.cpu=2',
  });
});

it("counts objects of any kind", async () => {
  const { call } = await startAll();
  await call("POST", `${namespace}/resourcequotas`, {
    body: quota({ "count/jobs.batch": "0", configmaps: "9" }),
  });
  const job = {
    metadata: { name: "j" },
    spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "j", image: "a:v1" }] } } },
  };

  const refused = await call("POST", "/apis/batch/v1/namespaces/default/jobs", { body: job });

  expect(refused.json).toMatchObject({
    message:
      'jobs.batch "j" is forbidden: exceeded quota: compute, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0',
  });
});

it("keeps count of what is used, and frees what is deleted or over", async () => {
  const { call, cluster } = await startAll();
  await call("POST", `${namespace}/resourcequotas`, { body: quota({ pods: "3", "requests.memory": "4Gi" }) });
  const used = () => cluster.store.get("resourcequotas", "default", "compute")?.["status"];
  await call("POST", `${namespace}/pods`, { body: pod("a", { requests: { memory: "512Mi" } }) });
  await eventually(() =>
    expect(used()).toEqual({
      hard: { pods: "3", "requests.memory": "4Gi" },
      used: { pods: "1", "requests.memory": "512Mi" },
    }),
  );

  await call("DELETE", `${namespace}/pods/a`, { body: { gracePeriodSeconds: 0 } });

  await eventually(() => expect(used()).toMatchObject({ used: { pods: "0", "requests.memory": "0" } }));
});

it("gives silent containers the limits of the namespace, and holds the others to its bounds", async () => {
  const { call } = await startAll();
  const container = {
    type: "Container",
    default: { cpu: "500m" },
    defaultRequest: { cpu: "100m" },
    min: { cpu: "50m" },
    max: { cpu: 2 },
    maxLimitRequestRatio: { cpu: 10 },
  };
  await call("POST", `${namespace}/limitranges`, {
    body: { metadata: { name: "l" }, spec: { limits: [container] } },
  });

  const silent = await call("POST", `${namespace}/pods`, { body: pod("silent") });
  const greedy = await call("POST", `${namespace}/pods`, {
    body: pod("p", { requests: { cpu: 3 }, limits: { cpu: 3 } }),
  });
  const small = await call("POST", `${namespace}/pods`, {
    body: pod("p", { requests: { cpu: "10m" }, limits: { cpu: "400m" } }),
  });
  const inverted = await call("POST", `${namespace}/pods`, { body: pod("p", { requests: { cpu: 1 } }) });

  expect(silent.json).toMatchObject({
    metadata: {
      annotations: {
        "kubernetes.io/limit-ranger":
          "LimitRanger plugin set: cpu request for container main; cpu limit for container main",
      },
    },
    spec: { containers: [{ resources: { limits: { cpu: "500m" }, requests: { cpu: "100m" } } }] },
  });
  expect(greedy.json).toMatchObject({
    message: 'pods "p" is forbidden: maximum cpu usage per Container is 2, but limit is 3',
  });
  expect(small.json).toMatchObject({
    message:
      'pods "p" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, cpu max limit to request ratio per Container is 10, but provided ratio is 40.000000]',
  });
  expect(inverted.json).toMatchObject({
    message:
      'Pod "p" is invalid: spec.containers[0].resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 500m',
  });
});

it("says on ReplicaSet, Deployment and Job that their pods cannot be created", async () => {
  const world = startWorld();
  world.create("resourcequotas", "q", { hard: { pods: "1" } });
  world.create("deployments", "web", workload("web:v1", { replicas: 3 }));
  await eventually(() => expect(world.deployment("web").status?.readyReplicas).toBe(1));

  const template = { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "a:v1" }] } };
  world.create("jobs", "blocked", { template });

  const message = expect.stringMatching(
    /^pods "web-.*" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$/,
  );
  const failure = expect.objectContaining({ type: "ReplicaFailure", reason: "FailedCreate", message });
  expect(world.replicaSets()[0]?.status?.conditions).toContainEqual(failure);
  await eventually(() => expect(world.deployment("web").status?.conditions).toContainEqual(failure));
  await eventually(() =>
    expect(world.events("blocked").join()).toMatch(
      /FailedCreate: Error creating: pods "blocked-.*exceeded quota: q/,
    ),
  );

  world.store.delete("resourcequotas", "shop", "q", { manager: "test", now: new Date() });

  await eventually(() => expect(world.deployment("web").status?.readyReplicas).toBe(3));
  await eventually(() =>
    expect(world.deployment("web").status?.conditions?.map(({ type }) => type)).not.toContain(
      "ReplicaFailure",
    ),
  );
});
