import { expect, it } from "vitest";
import { isError } from "../../../src/domain/errors.ts";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { fact, outcome, plan, refusal, texts } from "./steps.ts";
import { good, make, observed, pathOf, rolledOut, target, template, until } from "./workloads.ts";
import { alex, namespace, type WorldOf } from "./world.ts";

const autoscalers = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;

function autoscaler(name: string, metadata: object = {}): object {
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, ...metadata },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
      minReplicas: 2,
      maxReplicas: 5,
    },
  };
}

export function restartCases(world: WorldOf): void {
  it("case 32: a second restart within the same second restarts again", async () => {
    const app = target("restarted");
    await make(world(), app, good);
    const now = () => new Date("2026-11-22T10:00:00.400Z");
    const first = await plan(world(), app, ["rollout-restart"], { now });
    await first.apply();
    expect(await first.observe()).toMatchObject({ state: "done" });

    const second = await plan(world(), app, ["rollout-restart"], { now });
    await second.apply();
    await observed(world(), app);
    const { template } = await world().look.workload(app);
    expect(template["metadata"]).toMatchObject({
      annotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-22T10:00:01Z" },
    });
    expect(await first.observe()).toMatchObject({ state: "diverged" });

    // Back to what ran before: the pods of its ReplicaSet, where those of the restart do not come up.
    const { action, with: given } = second.planned.inverse!;
    const back = await plan(world(), app, [action, given]);
    await back.apply();
    expect(await back.observe()).toMatchObject({ state: "done" });
    expect((await world().look.workload(app)).template["metadata"]).toMatchObject({
      annotations: { "kubectl.kubernetes.io/restartedAt": "2026-11-22T10:00:00Z" },
    });
  });

  it("case 32: under Flux a second restart at its next reconciliation is said before", async () => {
    const app = target("restarted-flux");
    await make(world(), app, good, { metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "shop" } } });

    const step = await plan(world(), app, ["rollout-restart"]);
    expect(texts(step, "warn")).toContainEqual(
      expect.stringMatching(/^Flux manages.*all pods are restarted once more/),
    );
  });

  it("a paused Deployment is not restarted", async () => {
    const app = target("restart-paused");
    await make(world(), app, good);
    await world().admin.patch(pathOf(app), { spec: { paused: true } });

    const step = await plan(world(), app, ["rollout-restart"]);
    expect(texts(step, "block")).toEqual([expect.stringMatching(/cannot be restarted/)]);
  });
}

export function scaleCases(world: WorldOf): void {
  it("scales through the scale subresource and is done when the replicas are ready", async () => {
    const app = target("scaled");
    await make(world(), app, good, { spec: { replicas: 1 } });
    await rolledOut(world(), app);
    const step = await plan(world(), app, ["scale", { replicas: "2" }]);
    expect(fact(step, "Replicas")).toBe("1 → 2");
    expect(step.planned.inverse).toMatchObject({ action: "scale", with: { replicas: 1 } });
    expect(await step.observe()).toEqual({ state: "pending", detail: "Not scaled yet" });
    await step.apply();

    expect(await outcome(step)).toMatchObject({
      state: "done",
      evidence: [{ what: "2 of 2 replicas are ready" }],
    });
    await step.apply();
  });

  it("case 30: an autoscaler, KEDA, 0 replicas and a quota are said before", async () => {
    const app = target("autoscaled");
    await make(world(), app, good, { spec: { replicas: 2 } });
    await world().admin.create(autoscalers, autoscaler(app.name));
    expect(texts(await plan(world(), app, ["scale", { replicas: 9 }]))).toEqual([
      expect.stringMatching(/HPA autoscaled keeps the number between 2 and 5, so 9 will not last/),
    ]);
    expect(texts(await plan(world(), app, ["scale", { replicas: 0 }]))).toEqual([
      expect.stringMatching(/Scaling to 0 silently switches the HPA autoscaled off/),
      expect.stringMatching(/serves nobody/),
    ]);

    const event = target("event-driven");
    await make(world(), event, good);
    const owner = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", name: "x", uid: "1-2-3" };
    await world().admin.create(autoscalers, autoscaler(event.name, { ownerReferences: [owner] }));
    expect(texts(await plan(world(), event, ["scale", { replicas: 3 }]))).toEqual([
      expect.stringMatching(/KEDA event-driven keeps the number between 2 and 5 and may change it again/),
    ]);
  });

  it("case 30: more pods than the quota leaves room for are said before", async () => {
    const app = target("quoted");
    await make(world(), app, good);
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await world().admin.create(quotas, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "pods" },
      spec: { hard: { pods: "400" } },
      status: { hard: { pods: "400" }, used: { pods: "0" } },
    });
    await world().admin.patch(`${quotas}/pods/status`, {
      status: { hard: { pods: "400" }, used: { pods: "0" } },
    });

    const seen = await plan(world(), app, ["scale", { replicas: 500 }], { actor: alex });
    expect(texts(seen)).toEqual([
      expect.stringMatching(
        /quota pods leaves no room for 500 more pods: pods: \d+ of 400 are used, it takes 500/,
      ),
    ]);
    const unseen = await plan(world(), app, ["scale", { replicas: 500 }]);
    expect(fact(unseen, "Not checked")).toBe("quotas (no right to look)");
    await world().admin.delete(`${quotas}/pods`);
  });

  it("case 30: another number of replicas than was planned with is drift", async () => {
    const app = target("rescaled");
    await make(world(), app, good);
    const step = await plan(world(), app, ["scale", { replicas: 1 }]);
    await world().admin.patch(pathOf(app), { spec: { replicas: 3 } });

    const drift = await step.apply().catch((error: unknown) => error);
    expect(isError(drift, "PlanDrifted")).toBe(true);
    expect((drift as Error).message).toMatch(/set to 3 replicas by administrator/);
  });

  it("case 31: a number changed by somebody else during the wait is superseded, never success", async () => {
    const app = target("contested");
    await make(world(), app, good);
    const step = await plan(world(), app, ["scale", { replicas: 2 }]);
    await step.apply();
    await world().admin.patch(pathOf(app), { spec: { replicas: 0 } });

    expect(await outcome(step)).toMatchObject({
      state: "diverged",
      detail: expect.stringMatching(/^Superseded: contested was set to 0 replicas by administrator/),
    });
    await expect(step.apply()).rejects.toThrow("Superseded");
  });

  it("`+1` is from what there is, and only taking running pods away is guarded", async () => {
    const app = target("relative");
    await make(world(), app, good, { spec: { replicas: 2 } });
    await rolledOut(world(), app);
    const more = await plan(world(), app, ["scale", { replicas: "+1" }]);
    expect(fact(more, "Replicas")).toBe("2 → 3");
    expect(more.planned.guarded).toBeUndefined();
    const fewer = await plan(world(), app, ["scale", { replicas: "-1" }]);
    expect(fact(fewer, "Replicas")).toBe("2 → 1");
    expect(fewer.planned.guarded).toMatch(/takes 1 of 2 running pods away/);
    expect(await refusal(plan(world(), app, ["scale", { replicas: "-3" }]))).toMatch(/There are 2 now/);
  });

  it(
    "case 31: an autoscaler that holds the number supersedes it, and is named",
    { timeout: 60_000 },
    async () => {
      const app = target("held");
      await make(world(), app, good, { spec: { replicas: 2 } });
      await rolledOut(world(), app);
      await world().admin.create(autoscalers, autoscaler(app.name));
      const step = await plan(world(), app, ["scale", { replicas: 7 }]);
      await step.apply();

      // Its pods may be ready before the autoscaler looks: what it does then is seen all the same.
      await until(async () => (await world().look.workload(app)).replicas === 5);
      expect(await step.observe()).toMatchObject({
        state: "diverged",
        detail: expect.stringMatching(/^Superseded: held was set to 5 replicas by kube-controller-manager/),
      });
    },
  );

  it("a quota that is exceeded is named while it waits and when it is given up; scaling back is the way back", async () => {
    const app = target("over-quota");
    await make(world(), app, good, {
      spec: { replicas: 1 },
      template: template("over-quota", good, { resources: { limits: { cpu: "1", memory: "1Gi" } } }),
    });
    await rolledOut(world(), app);
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    const quota = (most: string): object => ({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "full" },
      spec: { hard: { "limits.memory": most } },
    });
    const status = async () =>
      (await world().admin.get(`${quotas}/full`))["status"] as JsonObject | undefined;
    await world().admin.create(quotas, quota("900Gi"));
    try {
      await until(async () => (await status())?.["used"] !== undefined);
      const { used } = (await status()) as { used: { "limits.memory": string } };
      await world().admin.patch(`${quotas}/full`, quota(used["limits.memory"]));
      await until(async () => {
        const hard = (await status())?.["hard"] as JsonObject | undefined;
        return hard?.["limits.memory"] === used["limits.memory"];
      });
      const step = await plan(world(), app, ["scale", { replicas: "+1", stuckAfter: "1s" }], { actor: alex });
      expect(texts(step, "warn")).toEqual([
        expect.stringMatching(
          /quota full leaves no room for 1 more pods: limits.memory: \S+ of \S+ are used, it takes 1Gi/,
        ),
      ]);
      await step.apply();
      const since = new Date();
      await until(
        async () => (await step.action.observe(step.planned.state, step.context, since)).state === "failed",
      );
      expect(await step.action.observe(step.planned.state, step.context, since)).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(
          /^1 of 2 replicas are ready: no new pod can be made: .*exceeded quota: full/,
        ),
      });
      const { action, with: given } = step.planned.inverse!;
      const back = await plan(world(), app, [action, given]);
      // No running pod is taken away by that.
      expect(back.planned.guarded).toBeUndefined();
      await back.apply();
      expect(await outcome(back)).toMatchObject({ state: "done" });
    } finally {
      await world().admin.delete(`${quotas}/full`);
    }
  });

  it("a number of replicas that is none, and a DaemonSet, are refused", async () => {
    const app = target("not-scaled");
    await make(world(), app, good);
    for (const replicas of ["many", -1, 1.5, "99999"])
      expect(await refusal(plan(world(), app, ["scale", { replicas }]))).toMatch(/is no number of replicas/);
    expect(await refusal(plan(world(), target("any", "daemonset"), ["scale", { replicas: 1 }]))).toMatch(
      /DaemonSet/,
    );
  });
}
