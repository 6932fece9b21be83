import { expect, it, vi } from "vitest";
import type { Observation } from "../../../src/engine/playbooks/action.ts";
import type { Target } from "../../../src/domain/app.ts";
import type { Json } from "../../../src/engine/ports.ts";
import { type Circumstances, plan } from "./steps.ts";
import { annotate, better, good, make, observed, pathOf, release, rolledOut, target } from "./workloads.ts";
import { namespace, noor, type World, type WorldOf } from "./world.ts";

let count = 0;

async function made(world: World): Promise<Target> {
  const app = target(`diagnose-${++count}`);
  await make(world, app, good);
  return app;
}

async function look(
  world: World,
  app: Target,
  probe: string,
  more: Circumstances = {},
): Promise<Observation> {
  return (await plan(world, app, [probe], more)).observe();
}

function valuesOf(seen: Observation): Record<string, Json> {
  if (seen.state !== "done") throw new Error(`${seen.state}: ${"detail" in seen ? seen.detail : ""}`);
  return seen.values as Record<string, Json>;
}

async function warn(world: World, app: Target, pod: string): Promise<void> {
  const at = new Date().toISOString();
  await world.admin.create(`/api/v1/namespaces/${namespace}/events`, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { generateName: "diagnose-", namespace },
    involvedObject: { kind: "Pod", namespace, name: `${app.name}-5f6d7c8b9-${pod}` },
    type: "Warning",
    reason: "Unhealthy",
    message: `Readiness probe failed: HTTP probe failed with statuscode: 50${pod.length}`,
    count: 3,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: "kubelet" },
    reportingComponent: "kubelet",
    reportingInstance: "",
  });
}

/** What a diagnosis reads of a cluster. */
export function diagnoseCases(world: WorldOf): void {
  it("pods of the app are told from all others, and of each that is in trouble whose it is", async () => {
    const app = await made(world());
    await world().admin.patch(
      `/apis/apps/v1/namespaces/${namespace}/deployments/${app.name}`,
      { spec: { replicas: 1, template: { spec: { nodeSelector: { "crai.test/none": "here" } } } } },
      "strategic",
    );
    await vi.waitFor(async () => {
      const seen = valuesOf(await look(world(), app, "probe-pods"));
      expect(seen).toMatchObject({ own: 1, ownReady: 0 });
      expect(seen["troubled"]).toContainEqual(
        expect.objectContaining({ owner: app.name, own: true, ready: false }),
      );
    }, 20_000);
  });

  it("warnings that differ in a number or a pod are one, counted together", async () => {
    const app = await made(world());
    await warn(world(), app, "abcde");
    await warn(world(), app, "fghij");
    const seen = valuesOf(await look(world(), app, "probe-events"));
    expect(seen["groups"]).toContainEqual(
      expect.objectContaining({ reason: "Unhealthy", about: `Pod ${app.name}`, count: 6 }),
    );
  });

  it("a change cause is told of the release it was written for, not of those it was handed on to", async () => {
    const app = await made(world());
    await annotate(world(), app, { "kubernetes.io/change-cause": "Release v1: first" });
    await release(world(), app, { image: better });
    const changes = valuesOf(await look(world(), app, "probe-changes"))["changes"] as { what: string }[];
    const own = changes.flatMap(({ what }) => (what.startsWith(`${app.name} `) ? [what] : []));
    expect(own.toSorted()).toEqual([
      `${app.name} rolled out app:v1 (Release v1: first)`,
      `${app.name} rolled out app:v2`,
    ]);
  });

  it("a release and an edited ConfigMap are recent changes, with who edited it", async () => {
    const app = await made(world());
    await release(world(), app, { image: better });
    const name = `${app.name}-config`;
    await world().admin.create(`/api/v1/namespaces/${namespace}/configmaps`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace },
      data: { LOG_LEVEL: "info" },
    });
    const changes = valuesOf(await look(world(), app, "probe-changes"))["changes"];
    expect(changes).toContainEqual(
      expect.objectContaining({ kind: "rollout", own: true, what: `${app.name} rolled out app:v2` }),
    );
    expect(changes).toContainEqual(
      expect.objectContaining({
        kind: "config",
        what: expect.stringMatching(`^ConfigMap ${name} changed by .+`),
      }),
    );
  });

  it("a scaling by hand is a change, with who did it, and a restart is told from a release", async () => {
    const app = target("by-hand");
    await make(world(), app, good, { spec: { replicas: 3 } });
    await rolledOut(world(), app);
    await world().admin.patch(pathOf(app, "/scale"), { spec: { replicas: 1 } });
    const toldOf = async () => {
      const changes = valuesOf(await look(world(), app, "probe-changes"))["changes"] as { what: string }[];
      return changes.filter(({ what }) => what.startsWith(`${app.name} `));
    };
    const what = expect.stringMatching(`^${app.name} was scaled from 3 to 1 by \\S+`);
    await vi.waitFor(async () =>
      expect(await toldOf()).toContainEqual(expect.objectContaining({ kind: "scale", own: true, what })),
    );
    await plan(world(), app, ["rollout-restart"]).then((step) => step.apply());
    await observed(world(), app);
    await plan(world(), app, ["limits", { memory: "64Mi" }]).then((step) => step.apply());
    await observed(world(), app);
    const told = await toldOf();
    expect(told).toContainEqual(
      expect.objectContaining({ kind: "restart", what: `${app.name} was restarted` }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        kind: "rollout",
        what: `${app.name} rolled out app:v1 with another containers[app].resources`,
      }),
    );
  });

  it("how much is used is known where the metrics API is, and said not to be where it is not", async () => {
    const app = await made(world());
    const served = await world()
      .look.objects.kindOf("metrics.k8s.io/v1beta1", "PodMetrics")
      .then(
        () => true,
        () => false,
      );
    const seen = await look(world(), app, "probe-usage");
    const said = seen.state === "unknown" ? seen.detail : "";
    expect({ state: seen.state, isAbsent: said.includes("the cluster has no metrics API") }).toEqual(
      served ? { state: "done", isAbsent: false } : { state: "unknown", isAbsent: true },
    );
  });

  it("logs of an app without pods are none, and nothing fails", async () => {
    const app = await made(world());
    expect(await look(world(), app, "probe-logs")).toMatchObject({
      state: "done",
      values: { lines: 0, pods: 0 },
    });
  });

  it("what the actor may not read is unknown and says so; the rights are asked for beforehand", async () => {
    const app = await made(world());
    expect(await look(world(), app, "probe-events", { actor: noor })).toMatchObject({
      state: "unknown",
      detail: expect.stringMatching(/may not list events/),
    });
    expect(valuesOf(await look(world(), app, "probe-pods", { actor: noor }))).toMatchObject({ own: 0 });
    const { planned } = await plan(world(), app, ["probe-logs"]);
    expect(planned.calls).toContainEqual(expect.objectContaining({ resource: "pods", subresource: "log" }));
  });
}
