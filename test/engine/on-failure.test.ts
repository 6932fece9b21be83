import { expect, test, vi } from "vitest";
import { templateDigest } from "../../src/domain/pod-template.ts";
import { recordSighting } from "../../src/store/health.ts";
import { planByKey } from "../../src/store/plans.ts";
import { runByNumber, stepsOf } from "../../src/store/runs.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alex, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

const target = {
  cluster: "practice",
  namespace: "credit-risk-ai",
  kind: "deployment",
  name: "api-deployment",
} as const;

/** Rolls back, and then asks whether it went well: a no is a failure after the change. */
function playbook(onFailure: string): string {
  return `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: rollback
  version: 1
  title: Roll back
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs:
  app: { type: app, required: true, description: The app }
permission: rollout:undo
risk: reversible
on_failure: ${onFailure}
steps:
  - { id: undo, action: rollout-undo, timeout: 1m }
  - { id: well, approval: { question: Did it go well? } }
`;
}

async function templateNow(world: EngineWorld): Promise<string> {
  const { clusters } = await world.process();
  return templateDigest((await clusters.as(robin, "practice").workload(target)).template);
}

/** What runs now was seen to be well for long enough. */
async function recordHealthy(world: EngineWorld): Promise<void> {
  const template = await templateNow(world);
  for (const minutes of [20, 0])
    await recordSighting(world.db, {
      target: "practice/credit-risk-ai/deployment/api-deployment",
      template,
      revision: 5,
      well: true,
      why: null,
      at: new Date(Date.now() - minutes * 60_000),
      healthyAfter: 600_000,
    });
}

async function rollBackAndFail(world: EngineWorld, crai: Engine): Promise<number> {
  const { uses, runs } = crai;
  const plan = await uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: {},
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: "slash:1",
  });
  const yes = { plan: plan.number, actor: robin, reason: null, breakGlass: false, cause: "1", channel: null };
  const decision = await uses.approvals.approve(yes);
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  const run = decision.run.number;
  await runs.begin(run);
  const running = runs.carryOut(run);
  await vi.waitFor(async () => expect(await stepsOf(world.db, run)).toHaveLength(2));
  await runs.answer({ run, step: "well", item: null, text: "no", note: null, actor: alex });
  await running;
  await runs.finish(run);
  return run;
}

test("compensate puts back what was there when that is recorded as healthier, and nothing is left to undo", async () => {
  const world = await startEngineWorld({ playbooks: { rollback: playbook("compensate") } });
  await recordHealthy(world);
  const before = await templateNow(world);
  const crai = await world.process();
  const run = await rollBackAndFail(world, crai);
  expect(await templateNow(world)).toBe(before);
  const row = (await runByNumber(world.db, run))!;
  expect(row.outcome).toBe("failed");
  expect(row.detail).toMatch(/Return api-deployment to .* was done by itself\./);
  expect((await stepsOf(world.db, run)).map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    "undo succeeded",
    "well failed",
    "back/undo succeeded",
  ]);
  await expect(
    crai.uses.planner.makeUndo({ run, actor: robin, incident: null, reason: null, channel: null, key: "u" }),
  ).rejects.toThrow("nothing to undo");
});

test("compensate leaves to people what is not recorded as healthier, and says so", async () => {
  const world = await startEngineWorld({ playbooks: { rollback: playbook("compensate") } });
  const before = await templateNow(world);
  const run = await rollBackAndFail(world, await world.process());
  expect(await templateNow(world)).not.toBe(before);
  expect((await runByNumber(world.db, run))!.detail).toContain(
    "stands: what was there before is not recorded as healthy.",
  );
});

test("offer-undo plans the undo at once and does nothing by itself", async () => {
  const world = await startEngineWorld({ playbooks: { rollback: playbook("offer-undo") } });
  const before = await templateNow(world);
  const run = await rollBackAndFail(world, await world.process());
  expect(await templateNow(world)).not.toBe(before);
  expect(await planByKey(world.db, `run:${run}:undo`)).toMatchObject({
    status: "waiting",
    plan: { undoes: run, reason: `R${run} failed` },
  });
});
