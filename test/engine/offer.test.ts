import { pino } from "pino";
import { expect, test } from "vitest";
import type { Person } from "../../src/domain/actor.ts";
import type { Alert } from "../../src/domain/alert.ts";
import type { Button, View } from "../../src/domain/view.ts";
import type { Answer } from "../../src/engine/plans/judge-yes.ts";
import { createOffer } from "../../src/engine/plans/offer.ts";
import { dueDeadlines, endDeadline } from "../../src/store/deadlines.ts";
import { outboxByKey } from "../../src/store/outbox.ts";
import { planByNumber, type StoredPlan, waitingPlans } from "../../src/store/plans.ts";
import { runByNumber } from "../../src/store/runs.ts";
import { readStream } from "../../src/store/timeline.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alert, alertsOf, type EngineWorld, robin, sasha, startEngineWorld } from "./engine-world.ts";

/** An alert comes in, and the fix that fits it is proposed as the ticker has it done. */
async function propose(world: EngineWorld, crai: Engine, more: Partial<Alert> = {}): Promise<void> {
  const { fingerprint } = alert(more);
  await alertsOf(world, crai).receive([alert(more)], `delivery ${fingerprint}`);
  await offerFor(world, crai, fingerprint);
}

/** What has come due of the fixes that are to be worked out, as the ticker has it done. */
async function offerWhatIsDue(world: EngineWorld, crai: Engine): Promise<void> {
  const due = (await dueDeadlines(world.db, new Date())).filter(({ kind }) => kind === "incident.offer");
  for (const { key, subject } of due) {
    await offerOf(world, crai)(subject);
    await endDeadline(world.db, key, new Date());
  }
}

function offerOf(world: EngineWorld, crai: Engine) {
  return createOffer({
    db: world.db,
    planner: crai.uses.planner,
    playbooks: crai.uses.playbooks,
    startAlone: crai.startAlone,
    incidents: crai.uses.incidents,
    log: pino({ level: "silent" }),
    now: () => new Date(),
  });
}

async function offerFor(world: EngineWorld, crai: Engine, fingerprint: string): Promise<void> {
  const { id } = await world.db
    .selectFrom("alert")
    .select("id")
    .where("fingerprint", "=", fingerprint)
    .executeTakeFirstOrThrow();
  await offerOf(world, crai)({ incident: 1, alert: id });
}

/** What Robin, on call, types in the incident's channel. */
async function typedRollback({ uses }: Engine): Promise<StoredPlan> {
  return uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: { app: "api", env: null, to: null },
    actor: robin,
    incident: 1,
    reason: null,
    channel: null,
    key: "slash:1",
  });
}

function yes(number: number, actor: Person = robin): Answer {
  return { plan: number, actor, reason: null, breakGlass: false, cause: "press:1", channel: null };
}

async function confirm({ uses }: Engine, { number }: StoredPlan): Promise<number> {
  const decision = await uses.approvals.approve(yes(number));
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  return decision.run.number;
}

/** As the workflow does. */
async function carryOut({ runs }: Engine, run: number): Promise<void> {
  await runs.begin(run);
  await runs.carryOut(run);
  await runs.finish(run);
}

/** Labels of the card's buttons, as Slack is to show them. */
async function buttonsOnCard({ db }: EngineWorld): Promise<string[]> {
  const { view } = (await outboxByKey(db, "incident:1:card"))!.message as { view: View };
  const buttons = view.blocks.flatMap((block): readonly Button[] =>
    block.type === "buttons" ? block.buttons : [],
  );
  return buttons.map(({ label }) => label);
}

test("a proposal goes from the card when somebody's own rollback has cured it, and no later alert brings it back", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await propose(world, crai);
  const [offer] = await waitingPlans(world.db, 1);
  expect(await buttonsOnCard(world)).toContain("Confirm");

  const run = await confirm(crai, await typedRollback(crai));
  await carryOut(crai, run);
  expect(await planByNumber(world.db, offer!.number)).toMatchObject({
    status: "voided",
    why: `R${run} has changed api since (done).`,
  });
  const facts = (await readStream(world.db, "incident:1")).map(({ fact }) => fact);
  expect(facts).toContainEqual({
    kind: "plan.voided",
    plan: offer!.number,
    why: `R${run} has changed api since (done).`,
  });
  expect(await buttonsOnCard(world)).not.toContain("Confirm");

  await propose(world, crai, { fingerprint: "f2" });
  expect(await waitingPlans(world.db, 1)).toEqual([]);
  expect(await buttonsOnCard(world)).not.toContain("Confirm");
});

test("an alert from before somebody's rollback proposes nothing any more, one from after it does", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await alertsOf(world, crai).receive([alert()], "delivery f1");
  await carryOut(crai, await confirm(crai, await typedRollback(crai)));
  await propose(world, crai);
  const plansBy = () => world.db.selectFrom("plan").select("actor_key").orderBy("number").execute();
  expect(await plansBy()).toEqual([{ actor_key: robin.id }]);

  await propose(world, crai, { fingerprint: "f2", startsAt: new Date().toISOString() });
  expect(await plansBy()).toEqual([{ actor_key: robin.id }, { actor_key: "alert:alertmanager" }]);
});

test("a run that was stopped before it changed anything leaves the proposal to others", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await propose(world, crai);
  const run = await confirm(crai, await typedRollback(crai));
  await crai.uses.runs.stop(run, robin, null);
  await carryOut(crai, run);
  expect(await runByNumber(world.db, run)).toMatchObject({ status: "finished", outcome: "stopped" });
  expect(await waitingPlans(world.db, 1)).toHaveLength(1);
  expect(await buttonsOnCard(world)).toContain("Confirm");
});

test("a proposal whose run was stopped before it changed anything is offered again, each time, as long as alerts fire", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await propose(world, crai);
  await offerWhatIsDue(world, crai);
  for (const proposal of [1, 3]) {
    const [offer, ...others] = await waitingPlans(world.db, 1);
    expect([offer?.number, others]).toEqual([proposal, []]);
    const run = await confirm(crai, offer!);
    await crai.uses.planMessages.refresh(offer!.number);
    expect(await buttonsOnCard(world)).not.toContain("Confirm");
    await crai.uses.runs.stop(run, robin, null);
    await carryOut(crai, run);
    await offerWhatIsDue(world, crai);
    expect(await buttonsOnCard(world)).toContain("Confirm");
  }
  const [offer] = await waitingPlans(world.db, 1);
  const run = await confirm(crai, offer!);
  await alertsOf(world, crai).receive(
    [alert({ status: "resolved", endsAt: new Date().toISOString() })],
    "over",
  );
  await crai.uses.runs.stop(run, robin, null);
  await carryOut(crai, run);
  await offerWhatIsDue(world, crai);
  expect(await waitingPlans(world.db, 1)).toEqual([]);
});

test("a proposal that waits in vain for a second person, once somebody took it up, is a proposal again", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await propose(world, crai);
  await offerWhatIsDue(world, crai);
  const [offer] = await waitingPlans(world.db, 1);
  const taken = await crai.uses.approvals.approve(yes(offer!.number, sasha));
  expect(taken).toMatchObject({ result: "replanned", stored: { plan: { actor: sasha } } });
  await crai.uses.planMessages.refresh(offer!.number);
  expect(await buttonsOnCard(world)).not.toContain("Confirm");
  expect(await crai.uses.approvals.expire(taken.stored.number)).toMatchObject({ status: "expired" });
  await offerWhatIsDue(world, crai);
  expect(await waitingPlans(world.db, 1)).toMatchObject([{ plan: { actor: { kind: "alert" } } }]);
  expect(await buttonsOnCard(world)).toContain("Confirm");
});

test("case 40: an alert that is over before its fix was worked out proposes nothing, unless another of its name goes on", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const alerts = alertsOf(world, crai);
  const over = { status: "resolved", endsAt: new Date().toISOString() } as const;
  await alerts.receive([alert(), alert({ fingerprint: "f2" })], "delivery 1");
  await alerts.receive([alert(over), alert({ fingerprint: "f2", ...over })], "delivery 2");
  await offerFor(world, crai, "f1");
  expect(await waitingPlans(world.db, 1)).toEqual([]);

  await alerts.receive([alert({ fingerprint: "f3" })], "delivery 3");
  await offerFor(world, crai, "f1");
  expect(await waitingPlans(world.db, 1)).toHaveLength(1);
});
