import { pino } from "pino";
import { expect, test } from "vitest";
import { createOffer } from "../../src/engine/plans/offer.ts";
import { waitingPlans } from "../../src/store/plans.ts";
import { listRuns, stepsOf } from "../../src/store/runs.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alert, alertsOf, type EngineWorld, startEngineWorld } from "./engine-world.ts";

/** Looks when an alert comes in, without anybody's yes. */
const look = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: look
  version: 1
  title: "Look at \${{ app }}"
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs:
  app: { type: app, required: true, description: The app }
on_alert: { mode: auto, cooldown: 10m, max: 2 in 24h }
permission: workload:read
risk: observe
steps:
  - { id: rollout, action: rollout-wait }
`;

async function startWorld({ allowed }: { allowed: boolean }) {
  const world = await startEngineWorld({ playbooks: { look } });
  const { access } = world.config;
  // The practice organization lets its alerts look.
  access.rules.splice(
    access.rules.findIndex(({ roles }) => roles.includes("watch")),
    1,
  );
  access.roles["alerts"] = { members: ["alert:alertmanager"], onCall: [] };
  if (allowed) access.rules.push({ roles: ["alerts"], allow: ["workload:read"] });
  const clock = { now: new Date() };
  const crai = await world.process({ now: () => clock.now });
  return { world, crai, clock };
}

/** One more alert for the api, and what comes of it. */
async function fire(world: EngineWorld, crai: Engine, fingerprint: string): Promise<void> {
  await alertsOf(world, crai).receive(
    [alert({ fingerprint, title: fingerprint })],
    `delivery ${fingerprint}`,
  );
  const { id, incident } = await world.db
    .selectFrom("alert")
    .select(["id", "incident"])
    .where("fingerprint", "=", fingerprint)
    .executeTakeFirstOrThrow();
  await world.db
    .updateTable("incident")
    .set((eb) => ({ episode: eb("episode", "+", 1) }))
    .execute();
  await createOffer({
    db: world.db,
    planner: crai.uses.planner,
    playbooks: crai.uses.playbooks,
    startAlone: crai.startAlone,
    incidents: crai.uses.incidents,
    log: pino({ level: "silent" }),
    now: () => new Date(),
  })({ incident: incident!, alert: id });
}

async function runsOf({ db }: EngineWorld): Promise<number[]> {
  const runs = await listRuns(db, { audience: "everything", limit: 10 });
  return runs.map(({ number }) => number);
}

test("an alert starts a playbook by itself where its own identity may, and the run is the alert's", async () => {
  const { world, crai } = await startWorld({ allowed: true });
  await fire(world, crai, "one");
  const [run] = await runsOf(world);
  await crai.runs.begin(run!);
  await crai.runs.carryOut(run!);
  await crai.runs.finish(run!);
  expect((await stepsOf(world.db, run!)).map(({ outcome }) => outcome)).toEqual(["succeeded"]);
  const users = world.cluster.audit.map(({ impersonatedUser }) => impersonatedUser?.username);
  expect(new Set(users.filter((user) => user !== undefined))).toEqual(
    new Set([world.config.access.identities["alert:alertmanager"]?.user]),
  );
});

test("without a rule that allows it, it stays a proposal", async () => {
  const { world, crai } = await startWorld({ allowed: false });
  await fire(world, crai, "one");
  expect(await runsOf(world)).toEqual([]);
  expect(await waitingPlans(world.db, 1)).toHaveLength(1);
});

test("within its cooldown and over its cap it is proposed instead", async () => {
  const { world, crai, clock } = await startWorld({ allowed: true });
  await fire(world, crai, "one");
  await fire(world, crai, "two");
  expect(await runsOf(world)).toHaveLength(1);
  const later = (minutes: number): void =>
    void (clock.now = new Date(clock.now.getTime() + minutes * 60_000));
  later(11);
  await fire(world, crai, "three");
  expect(await runsOf(world)).toHaveLength(2);
  later(11);
  await fire(world, crai, "four");
  expect(await runsOf(world)).toHaveLength(2);
  expect(await waitingPlans(world.db, 1)).toHaveLength(1);
});
