import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { inHandOf, fact, outcome, plan, type Step, texts } from "./steps.ts";
import { good, make, pathOf, rolledOut, target, template, until } from "./workloads.ts";
import { alex, namespace, type World, type WorldOf } from "./world.ts";

const core = `/api/v1/namespaces/${namespace}`;
const policies = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;

/** As a run that has begun sees it: `acted` is true once it has written. */
async function begun(
  world: World,
  ...given: Parameters<typeof plan> extends [World, ...infer Rest] ? Rest : never
): Promise<Step> {
  let acted = false;
  const [app, action, more] = given;
  const inHand = inHandOf({ run: 1, step: "pods", acted: () => acted });
  const step = await plan(world, app, action, { ...more, inHand });
  return {
    ...step,
    async apply() {
      await step.apply();
      acted = true;
    },
  };
}

async function pods(world: World, app: ReturnType<typeof target>) {
  return world.look.pods(await world.look.workload(app));
}

/** As its kubelet would report a container that ends again and again. */
async function breakOne(world: World, app: ReturnType<typeof target>): Promise<string> {
  const [first] = await pods(world, app);
  const path = `${core}/pods/${first!.name}/status`;
  const waiting = { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" };
  const container = {
    name: "app",
    ready: false,
    restartCount: 4,
    image: good,
    imageID: "",
    state: { waiting },
  };
  const notReady = ["Ready", "ContainersReady"].map((type) => ({ type, status: "False" }));
  const status = { conditions: notReady, containerStatuses: [container] };
  await world.admin.patch(path, { status }, "strategic");
  await until(async () => {
    const { raw } = await world.look.workload(app);
    const { readyReplicas = 0 } = (raw["status"] ?? {}) as { readyReplicas?: number };
    return readyReplicas === ((raw["spec"] as JsonObject)["replicas"] as number) - 1;
  });
  return first!.uid;
}

export function failedPodCases(world: WorldOf): void {
  it("restarts exactly the pods that have failed, by UID, and is done when all are ready", async () => {
    const app = target("one-failed");
    await make(world(), app, good, { spec: { replicas: 3 } });
    await rolledOut(world(), app);
    const broken = await breakOne(world(), app);
    const before = (await pods(world(), app)).map(({ uid }) => uid);
    const step = await begun(world(), app, ["pods-restart"]);
    expect(fact(step, "Left alone")).toBe("2 pods that are ready");
    expect(await step.observe()).toEqual({ state: "pending", detail: "Not evicted yet" });
    await step.apply();

    expect(await outcome(step)).toMatchObject({
      state: "done",
      evidence: [
        { what: expect.stringContaining("evicted and replaced") },
        { what: "3 of 3 replicas are ready" },
      ],
    });
    const after = new Set((await pods(world(), app)).filter(({ ready }) => ready).map(({ uid }) => uid));
    expect(before.filter((uid) => !after.has(uid))).toEqual([broken]);
    // After a crash it looks again before it acts: there is nothing more to do.
    await step.apply();
    expect(after).toEqual(new Set((await pods(world(), app)).map(({ uid }) => uid)));
  });

  it("a disruption budget that blocks is said before, keeps the pod, and is named afterwards", async () => {
    const app = target("budgeted");
    await make(world(), app, good, { spec: { replicas: 2 } });
    await rolledOut(world(), app);
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "all-of-them" },
      spec: { minAvailable: 2, selector: { matchLabels: { app: app.name } } },
    };
    await world().admin.create(policies, budget);
    const broken = await breakOne(world(), app);
    await until(async () => {
      const { status } = (await world().admin.get(`${policies}/all-of-them`)) as { status: JsonObject };
      return status["currentHealthy"] === 1;
    });

    const step = await begun(world(), app, ["pods-restart"]);
    const why = "the disruption budget all-of-them needs 2 healthy pods and has 1";
    expect(texts(step, "warn")).toContainEqual(expect.stringContaining(why));
    await step.apply();
    expect(await outcome(step)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(new RegExp(`^0 of 1 failed pods were evicted; .* may not be: ${why}`)),
    });
    expect((await pods(world(), app)).map(({ uid }) => uid)).toContain(broken);

    // The way on: once the budget lets it go, the same step does the rest.
    await world().admin.patch(`${policies}/all-of-them`, {
      spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" },
    });
    await until(async () => {
      await step.apply();
      return !(await pods(world(), app)).some(({ uid, deleting }) => uid === broken && !deleting);
    });
    expect(await outcome(step)).toMatchObject({ state: "done" });
  });

  it("where no pod has failed there is nothing to do", async () => {
    const app = target("none-failed");
    await make(world(), app, good, { spec: { replicas: 1 } });
    await rolledOut(world(), app);
    expect(texts(await plan(world(), app, ["pods-restart"]), "block")).toEqual([
      expect.stringMatching(/no pod of none-failed has failed/),
    ]);
  });
}

/** A control plane serves them once somebody has installed their definition; the practice cluster always does. */
async function serveVerticalAutoscalers(world: World): Promise<void> {
  if (world.name === "control plane")
    await world.admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: {
        name: "verticalpodautoscalers.autoscaling.k8s.io",
        annotations: { "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797" },
      },
      spec: {
        group: "autoscaling.k8s.io",
        scope: "Namespaced",
        names: {
          kind: "VerticalPodAutoscaler",
          plural: "verticalpodautoscalers",
          singular: "verticalpodautoscaler",
          shortNames: ["vpa"],
        },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    });
  await until(async () => {
    await world.look.objects.kindOf("autoscaling.k8s.io/v1", "VerticalPodAutoscaler");
    return true;
  });
}

function resources(requests: object, limits: object) {
  return { resources: { requests, limits } };
}

async function limitsNow(world: World, app: ReturnType<typeof target>): Promise<unknown> {
  const { template: now } = await world.look.workload(app);
  return (now as { spec: { containers: { resources: unknown }[] } }).spec.containers[0]!.resources;
}

export function limitCases(world: WorldOf): void {
  const small = resources({ cpu: "100m", memory: "64Mi" }, { cpu: "200m", memory: "128Mi" });

  it("raises the limits of one container and nothing else, and its inverse puts them back", async () => {
    const app = target("limited");
    await make(world(), app, good, {
      template: template("limited", good, { ...small, env: [{ name: "A", value: "1" }] }),
    });
    const { template: before } = await world().look.workload(app);
    const step = await plan(world(), app, ["limits", { cpu: "+50%", memory: "1.5Gi" }]);
    expect(fact(step, "CPU limit")).toBe("200m → 300m");
    expect(fact(step, "Memory limit")).toBe("128Mi → 1.5Gi");
    expect(step.planned.guarded).toBeUndefined();
    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });
    expect(await limitsNow(world(), app)).toEqual({
      requests: { cpu: "100m", memory: "64Mi" },
      limits: { cpu: "300m", memory: "1536Mi" },
    });

    const { action, with: given } = step.planned.inverse!;
    const back = await plan(world(), app, [action, given]);
    expect(back.planned.guarded).toBeUndefined();
    const lower = await plan(world(), app, ["limits", { memory: "100Mi" }]);
    expect(lower.planned.guarded).toMatch(/lowers the limit of memory/);
    await back.apply();
    expect(await back.observe()).toMatchObject({ state: "done" });
    expect((await world().look.workload(app)).template).toEqual(before);
  });

  it("a first limit says that its class changes, and its undo takes it away again", async () => {
    const app = target("unlimited");
    await make(world(), app, good);
    const step = await plan(world(), app, ["limits", { memory: "256Mi" }]);
    expect(texts(step, "warn")).toContainEqual(
      expect.stringMatching(/class goes from BestEffort to Burstable/),
    );
    expect(fact(step, "Requests")).toMatch(/follow the limit of memory/);
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });
    const { action, with: given } = step.planned.inverse!;
    const back = await plan(world(), app, [action, given]);
    await back.apply();
    expect(await back.observe()).toMatchObject({ state: "done" });
    expect(await limitsNow(world(), app)).not.toHaveProperty("limits");
  });

  it("a quota, a LimitRange and the size of nodes are said before", async () => {
    const app = target("bounded");
    await make(world(), app, good, { template: template("bounded", good, small), spec: { replicas: 2 } });
    const made = { apiVersion: "v1", metadata: { name: "bounds" } };
    const hard = { "limits.memory": "100Gi" };
    await world().admin.create(`${core}/resourcequotas`, { ...made, kind: "ResourceQuota", spec: { hard } });
    const limits = [{ type: "Container", max: { cpu: "2" } }];
    await world().admin.create(`${core}/limitranges`, { ...made, kind: "LimitRange", spec: { limits } });
    try {
      await until(async () => {
        const { status } = (await world().admin.get(`${core}/resourcequotas/bounds`)) as {
          status?: JsonObject;
        };
        return status?.["used"] !== undefined;
      });
      const step = await plan(world(), app, ["limits", { cpu: "3", memory: "60Gi" }], { actor: alex });
      expect(texts(step, "warn")).toContainEqual(
        expect.stringMatching(
          /quota bounds leaves no room for 2 pods of this size.*limits.memory: .* of 100Gi are used/,
        ),
      );
      expect(texts(step, "block")).toEqual([
        expect.stringMatching(/LimitRange bounds allows at most 2 of cpu/),
      ]);
      // Who may not see them is told so.
      const unseen = await plan(world(), app, ["limits", { cpu: "1" }]);
      expect(fact(unseen, "Not checked")).toBe("quotas, LimitRanges (no right to look)");
    } finally {
      await world().admin.delete(`${core}/resourcequotas/bounds`);
      await world().admin.delete(`${core}/limitranges/bounds`);
    }
    const huge = await plan(world(), app, ["limits", { memory: "900Gi" }]);
    expect(texts(huge, "warn")).toContainEqual(expect.stringMatching(/it can never use 900Gi/));
  });

  it("a VerticalPodAutoscaler that sets them is named before", async () => {
    const app = target("vertical");
    await make(world(), app, good, { template: template("vertical", good, small) });
    await serveVerticalAutoscalers(world());
    const path = `/apis/autoscaling.k8s.io/v1/namespaces/${namespace}/verticalpodautoscalers`;
    const made = (name: string, updateMode: string) => ({
      apiVersion: "autoscaling.k8s.io/v1",
      kind: "VerticalPodAutoscaler",
      metadata: { name },
      spec: {
        targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: app.name },
        updatePolicy: { updateMode },
      },
    });
    for (const [name, mode] of [
      ["sizes-them", "Auto"],
      ["only-advises", "Off"],
    ] as const)
      await world().admin.create(path, made(name, mode));
    const step = await plan(world(), app, ["limits", { cpu: "300m" }]);
    expect(texts(step, "warn")).toContainEqual(
      expect.stringMatching(/VerticalPodAutoscaler sizes-them sets what these pods get/),
    );
    expect(texts(step).join()).not.toContain("only-advises");
  });

  it("a changed template between plan and yes is drift, and nothing is written", async () => {
    const app = target("limits-drift");
    await make(world(), app, good, { template: template("limits-drift", good, small) });
    const step = await plan(world(), app, ["limits", { cpu: "1" }]);
    await world().admin.patch(pathOf(app), { spec: { template: { metadata: { annotations: { a: "b" } } } } });
    await expect(step.apply()).rejects.toThrow(/The template of limits-drift was changed by administrator/);
    expect(await limitsNow(world(), app)).toEqual(small.resources);
  });

  it("what admission refuses blocks the plan with the cluster's own reason", async () => {
    const app = target("limits-frozen");
    await make(world(), app, good, { template: template("limits-frozen", good, small) });
    await world().denyNextPatch(app.name);
    const step = await plan(world(), app, ["limits", { cpu: "1" }]);
    expect(texts(step, "block")).toHaveLength(1);
  });
}
