import { expect, it } from "vitest";
import type { Target, WorkloadKind } from "../../../src/domain/app.ts";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { kubectl } from "../kubectl/run.ts";
import { plan, undo } from "./steps.ts";
import { annotate, best, better, good, make, observed, release, target, template } from "./workloads.ts";
import { namespace, type WorldOf } from "./world.ts";

/** The same state twice, under two names: one for kubectl and one for crai. */
async function history(world: WorldOf, app: Target): Promise<void> {
  const container = {
    env: [{ name: "LEVEL", value: "info" }],
    ports: [{ containerPort: 80 }],
    args: ["serve"],
  };
  await make(world(), app, good, {
    template: template("same", good, container),
    metadata: { annotations: { "kubernetes.io/change-cause": "first", first: "1" } },
    spec: { selector: { matchLabels: { app: "same", only: app.name } }, template: labeled(app, container) },
  });
  await release(world(), app, { image: better, args: null, env: [{ name: "LEVEL", value: "debug" }] });
  await annotate(world(), app, { first: null, second: "2" });
  await release(world(), app, { image: best }, { terminationGracePeriodSeconds: 5 });
  await annotate(world(), app, { third: "3" });
}

function labeled(app: Target, container: object): JsonObject {
  const made = template("same", good, container as Record<string, unknown>);
  return { ...made, metadata: { labels: { app: "same", only: app.name } } };
}

/** What an undo may have changed, without what names or times tell apart. */
async function outcomeOf(world: WorldOf, app: Target): Promise<unknown> {
  const { raw, annotations } = await observed(world(), app);
  const text = JSON.stringify({ annotations, spec: raw["spec"] });
  return JSON.parse(text.replaceAll(app.name, "<name>")) as unknown;
}

export function kubectlCases(world: WorldOf): void {
  const kinds: WorkloadKind[] = ["deployment", "statefulset", "daemonset"];

  it.each(kinds)("an undo of a %s leaves the same template and annotations as kubectl's", async (kind) => {
    const [theirs, ours] = [target(`theirs-${kind}`, kind), target(`ours-${kind}`, kind)];
    await history(world, theirs);
    await history(world, ours);

    for (const to of [null, 1]) {
      const flags = to === null ? [] : [`--to-revision=${to}`];
      const args = ["-n", namespace, "rollout", "undo", `${kind}/${theirs.name}`, ...flags];
      expect(await kubectl(world().kubectl, args)).toMatchObject({ exitCode: 0 });
      await (await undo(world(), ours, to)).apply();
      expect(await outcomeOf(world, ours)).toEqual(await outcomeOf(world, theirs));
    }
  });

  it.each(kinds)("a restart of a %s changes what kubectl's changes, and nothing else", async (kind) => {
    const [theirs, ours] = [target(`re-theirs-${kind}`, kind), target(`re-ours-${kind}`, kind)];
    await history(world, theirs);
    await history(world, ours);

    await kubectl(world().kubectl, ["-n", namespace, "rollout", "restart", `${kind}/${theirs.name}`]);
    await (await plan(world(), ours, ["rollout-restart"])).apply();

    const timeless = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value).replace(/\d{4}-\d\d-\d\dT[\d:]+(Z|[+-]\d\d:\d\d)/g, "<time>"),
      ) as unknown;
    expect(timeless(await outcomeOf(world, ours))).toEqual(timeless(await outcomeOf(world, theirs)));
  });
}
