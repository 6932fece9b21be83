import { expect, it } from "vitest";
import { isError } from "../../../src/domain/errors.ts";
import type { Person } from "../../../src/domain/actor.ts";
import type { Target } from "../../../src/domain/app.ts";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { plan, refusal, type Step, texts } from "./steps.ts";
import { good, make, target } from "./workloads.ts";
import { namespace, noor, robin, type World, type WorldOf } from "./world.ts";

const maps = `/api/v1/namespaces/${namespace}/configmaps`;

/** An app with one parameter, and its ConfigMap. */
async function made(world: World, name: string, more: JsonObject = {}): Promise<Target> {
  const app = target(name);
  await make(world, app, good);
  await world.admin.create(maps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace },
    data: { WEIGHT: "0.3", OTHER: "x" },
    ...more,
  });
  return app;
}

function setting(
  world: World,
  app: Target,
  value: number | string | null,
  { actor = robin, back = false }: { actor?: Person; back?: boolean } = {},
): Promise<Step> {
  const parameters = {
    weight: {
      title: "Weight",
      purpose: "bias" as const,
      configMap: app.name,
      key: "WEIGHT",
      min: 0,
      max: 1,
    },
  };
  return plan(world, app, ["parameter-set", { purpose: "bias", value, back }], {
    actor,
    app: { parameters },
  });
}

async function dataOf(world: World, app: Target): Promise<unknown> {
  return (await world.admin.get(`${maps}/${app.name}`))["data"];
}

/** Values in ConfigMaps that people may change. */
export function parameterCases(world: WorldOf): void {
  it("sets the one key, leaves the others, and knows its own work again", async () => {
    const app = await made(world(), "parameter-set");
    const step = await setting(world(), app, 0.45);
    expect(step.planned.inverse).toMatchObject({
      action: "parameter-set",
      with: { value: "0.3", back: true },
      first: true,
    });
    expect(await dataOf(world(), app)).toEqual({ WEIGHT: "0.3", OTHER: "x" });
    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    await step.apply();
    expect(await dataOf(world(), app)).toEqual({ WEIGHT: "0.45", OTHER: "x" });
    expect(await step.observe()).toMatchObject({ state: "done" });
  });

  it("never writes over what somebody else has set since", async () => {
    const app = await made(world(), "parameter-drifted");
    const step = await setting(world(), app, 0.45);
    await world().admin.patch(`${maps}/${app.name}`, { data: { WEIGHT: "0.9" } });
    expect(await step.observe()).toMatchObject({ state: "diverged" });
    const error = await step.apply().catch((thrown: unknown) => thrown);
    expect(isError(error, "PlanDrifted")).toBe(true);
    expect(await dataOf(world(), app)).toMatchObject({ WEIGHT: "0.9" });
  });

  it("takes a key away again that was not there before", async () => {
    const app = await made(world(), "parameter-new", { data: { OTHER: "x" } });
    const step = await setting(world(), app, 0.45);
    await step.apply();
    expect(step.planned.inverse).toMatchObject({ with: { value: null } });
    await (await setting(world(), app, null)).apply();
    expect(await dataOf(world(), app)).toEqual({ OTHER: "x" });
  });

  it("puts back unchanged what stood there, though nobody could ask for it", async () => {
    const app = await made(world(), "parameter-odd", { data: { WEIGHT: " 1.70" } });
    const step = await setting(world(), app, 0.45);
    await step.apply();
    const { value } = step.planned.inverse!.with as { value: string };
    expect(await refusal(setting(world(), app, value))).toContain("is no value for Weight");
    await (await setting(world(), app, value, { back: true })).apply();
    expect(await dataOf(world(), app)).toEqual({ WEIGHT: " 1.70" });
  });

  it("says beforehand what cannot be: immutable, the same, missing", async () => {
    const app = await made(world(), "parameter-fixed", { immutable: true });
    expect(texts(await setting(world(), app, 0.45), "block")).toEqual([
      expect.stringContaining("The ConfigMap parameter-fixed is immutable"),
    ]);
    const same = await made(world(), "parameter-same");
    expect(texts(await setting(world(), same, 0.3), "block")).toEqual([
      expect.stringContaining("There is nothing to do"),
    ]);
    const bare = target("parameter-missing");
    await make(world(), bare, good);
    expect(await refusal(setting(world(), bare, 0.45))).toContain("There is no ConfigMap parameter-missing");
  });

  it("is refused to somebody whom the cluster does not let read it", async () => {
    const app = await made(world(), "parameter-foreign");
    expect(await refusal(setting(world(), app, 0.45, { actor: noor }))).toMatch(/may not get configmaps/);
  });
}
