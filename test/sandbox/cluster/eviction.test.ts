import { expect, it, onTestFinished } from "vitest";
import type { DisruptionBudget } from "../../../sandbox/cluster/controllers/disruption-budgets.ts";
import type { Node, Pod } from "../../../sandbox/cluster/controllers/objects.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import { eventually, startWorld, workload } from "./world.ts";

const pods = "/api/v1/namespaces/default/pods";

async function startWithBudget(budget: object) {
  const cluster = await startPracticeCluster({ seed: "bare" });
  onTestFinished(() => cluster.close());
  const { store } = cluster;
  const call = async (method: string, path: string, body?: object) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${cluster.url}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { code: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  await call("POST", "/apis/apps/v1/namespaces/default/deployments", {
    metadata: { name: "web" },
    spec: workload("web:v1", { replicas: 3 }),
  });
  await call("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", {
    metadata: { name: "web" },
    spec: { selector: { matchLabels: { app: "web" } }, ...budget },
  });
  const status = () => (store.get("poddisruptionbudgets", "default", "web") as DisruptionBudget).status;
  await eventually(() => expect(status()?.currentHealthy).toBe(3));
  const names = () => (store.list("pods", "default") as Pod[]).map(({ metadata }) => metadata.name);
  const evict = (name: string, rest: object = {}) =>
    call("POST", `${pods}/${name}/eviction`, { metadata: { name }, ...rest });
  return { status, names, evict, store };
}

it("lets a pod go while the budget allows it", async () => {
  const { status, names, evict } = await startWithBudget({ minAvailable: 2 });
  const [first = ""] = names();

  expect(await evict(first)).toMatchObject({ code: 201, json: { kind: "Status", status: "Success" } });

  await eventually(() => expect(names()).not.toContain(first));
  await eventually(() => expect(status()).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 3 }));
});

it("refuses with what the budget needs, and leaves the pod", async () => {
  const { names, evict } = await startWithBudget({ minAvailable: 3 });
  const [first = ""] = names();

  expect(await evict(first)).toEqual({
    code: 429,
    json: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
      reason: "TooManyRequests",
      details: {
        causes: [
          {
            reason: "DisruptionBudget",
            message: "The disruption budget web needs 3 healthy pods and has 3 currently",
          },
        ],
      },
      code: 429,
    },
  });
  expect(names()).toContain(first);
});

it("lets only one of two go at the same time when one may go", async () => {
  const { names, evict } = await startWithBudget({ minAvailable: 2 });
  const [first = "", second = ""] = names();
  const codes = (await Promise.all([evict(first), evict(second)])).map(({ code }) => code);
  expect(codes.toSorted((a, b) => a - b)).toEqual([201, 429]);
});

it("only pretends to evict in a dry run", async () => {
  const { status, names, evict } = await startWithBudget({ maxUnavailable: "34%" });
  const [first = ""] = names();
  expect(status()).toMatchObject({ disruptionsAllowed: 2, desiredHealthy: 1, expectedPods: 3 });

  const answer = await evict(first, { deleteOptions: { dryRun: ["All"] } });

  expect(answer.code).toBe(201);
  expect(names()).toContain(first);
  expect(status()?.disruptionsAllowed).toBe(2);
});

it("says 404 for a pod that is not there", async () => {
  const { evict } = await startWithBudget({ minAvailable: 1 });
  expect(await evict("nobody")).toMatchObject({ code: 404, json: { message: 'pods "nobody" not found' } });
});

it("taints a cordoned node, and schedules nothing on it until it is uncordoned", async () => {
  const world = startWorld();
  const nodes = () => world.store.list("nodes") as Node[];
  const cordon = (unschedulable: boolean) => {
    for (const node of nodes()) {
      const spec = { ...node.spec, unschedulable };
      world.store.update("nodes", { ...node, spec }, { manager: "test", now: new Date() });
    }
  };
  cordon(true);
  const taint = expect.objectContaining({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  await eventually(() => expect(nodes().map(({ spec }) => spec.taints)).toEqual(nodes().map(() => [taint])));

  world.create("deployments", "web", workload("web:v1", { replicas: 1 }));
  await eventually(() =>
    expect(world.events("web-").join()).toMatch(
      /FailedScheduling: 0\/\d nodes are available: \d node\(s\) were unschedulable/,
    ),
  );
  cordon(false);

  await eventually(() => expect(world.deployment("web").status?.readyReplicas).toBe(1));
  await eventually(() => expect(nodes().every(({ spec }) => !spec.taints)).toBe(true));
});
