import { addMinutes } from "date-fns/addMinutes";
import { expect, test } from "vitest";
import { targetKey, targetOf } from "../../src/domain/app.ts";
import { planWarnings } from "../../src/domain/plan.ts";
import { templateDigest } from "../../src/domain/pod-template.ts";
import { recordSighting } from "../../src/store/health.ts";
import { robin, startEngineWorld } from "./engine-world.ts";

test("whoever goes back from a release that is recorded as healthy is told so, and no more once it is known bad", async () => {
  const world = await startEngineWorld();
  const { uses, clusters } = await world.process();
  const target = targetOf(world.config.apps["api"]!.environments["prod"]!);
  const { template } = await clusters.as(robin, target.cluster).workload(target);
  const start = new Date("2026-11-22T10:00:00Z");
  const see = (minute: number, why: string | null) =>
    recordSighting(world.db, {
      target: targetKey(target),
      template: templateDigest(template),
      revision: 3,
      well: why === null,
      why,
      at: addMinutes(start, minute),
      healthyAfter: 600_000,
    });
  const warnings = async (key: string) => {
    const { plan } = await uses.planner.make({
      playbook: "rollback",
      app: "api",
      environment: null,
      inputs: {},
      actor: robin,
      incident: null,
      reason: null,
      channel: null,
      key,
    });
    return planWarnings(plan).map(({ text }) => text);
  };
  await see(0, null);
  expect(await warnings("1")).toEqual([]);
  await see(10, null);
  expect(await warnings("2")).toEqual([
    "Revision 3, which runs now, is recorded as healthy, last seen so 2026-11-22 10:10 UTC: going back leaves it.",
  ]);
  await see(11, "Error rate over its target");
  expect(await warnings("3")).toEqual([]);
});
