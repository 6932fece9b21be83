import { expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import type { Person } from "../../src/domain/actor.ts";
import { isUserError, type UserError } from "../../src/domain/errors.ts";
import type { Decision } from "../../src/engine/plans/approve.ts";
import { releaseLocks } from "../../src/store/locks.ts";
import type { StoredPlan } from "../../src/store/plans.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alex, robin, rollback, sasha, startEngineWorld } from "./engine-world.ts";

function planBy(
  { uses }: Engine,
  actor: Person | { kind: "alert"; source: "alertmanager" },
): Promise<StoredPlan> {
  return uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: { app: "api", env: null, to: null },
    actor,
    incident: null,
    reason: null,
    channel: null,
    key: `test:${Math.random()}`,
  });
}

let presses = 0;
function yes(
  { uses }: Engine,
  plan: StoredPlan,
  actor: Person,
  cause = `press:${++presses}`,
): Promise<Decision> {
  return uses.approvals.approve({
    plan: plan.number,
    actor,
    reason: null,
    breakGlass: false,
    cause,
    channel: null,
  });
}

const alert = { kind: "alert", source: "alertmanager" } as const;

test("a yes that is carried out again after a crash is the same yes, and refuses nobody", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const plan = await planBy(crai, robin);
  const first = await yes(crai, plan, robin, "press:1");
  const again = await yes(await world.process(), plan, robin, "press:1");
  expect(first.result).toBe("started");
  expect(again).toMatchObject({
    result: "started",
    run: { number: (first as { run: { number: number } }).run.number },
  });
  expect(await world.db.selectFrom("run").select("number").execute()).toHaveLength(1);
});

test("taking up an alert's proposal is one run, whenever crai died in between", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const first = await yes(crai, offer, robin, "press:1");
  const again = await yes(await world.process(), offer, robin, "press:1");
  expect(first.result).toBe("started");
  expect(again).toMatchObject({ result: "started", stored: { number: first.stored.number } });
  expect(await world.db.selectFrom("run").select("plan").execute()).toEqual([{ plan: first.stored.number }]);
});

test("two people on call who press Confirm on one proposal at once make one run, and one is told who was first", async () => {
  const world = await startEngineWorld();
  world.onCall.push(people.alex.email);
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const answers = await Promise.allSettled([yes(crai, offer, robin), yes(crai, offer, alex)]);
  const runs = await world.db.selectFrom("run").select("actor").execute();
  expect(runs).toHaveLength(1);
  const refused = answers.flatMap((answer) =>
    answer.status === "rejected" ? [answer.reason as UserError] : [],
  );
  expect(refused).toHaveLength(1);
  expect(refused[0]!.message).toMatch(/^P\d+ runs already, as R1\.$/);
  const { name } = runs[0]!.actor as Person;
  expect(refused[0]!.why).toMatch(
    new RegExp(`^${name} said yes before you, at \\d\\d:\\d\\d:\\d\\d UTC\\.$`),
  );
});

test("of two who press Confirm on one proposal at once and are not on call, the second's yes is the second yes", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  await Promise.all([yes(crai, offer, alex), yes(crai, offer, sasha)]);
  const [run] = await world.db.selectFrom("run").select(["plan", "actor"]).execute();
  const [approval] = await world.db.selectFrom("approval").select(["plan", "actor", "decision"]).execute();
  expect(run).toBeDefined();
  expect(approval).toMatchObject({ plan: run!.plan, decision: "approved" });
  expect([approval!.actor, run!.actor].map((actor) => (actor as Person).id).toSorted()).toEqual([
    alex.id,
    sasha.id,
  ]);
});

test("a yes to a proposal that another person took up counts for what they took up", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const taken = await yes(crai, offer, sasha, "press:sasha");
  expect(taken).toMatchObject({ result: "replanned", why: "The requester is not on call for api." });
  expect(await yes(crai, offer, sasha, "press:sasha")).toMatchObject({ result: "replanned" });
  const second = await yes(crai, offer, robin);
  expect(second).toMatchObject({ result: "started", stored: { number: taken.stored.number } });
  expect(await world.db.selectFrom("run").select("actor").execute()).toMatchObject([{ actor: sasha }]);
});

test("who is on call but may not approve for others takes the proposal over from who took it up", async () => {
  const world = await startEngineWorld();
  for (const rule of world.config.access.rules)
    rule.allow = rule.allow.flatMap((grant) =>
      grant === "plan:approve" ? [] : grant === "*" ? ["rollout:*"] : [grant],
    );
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const taken = await yes(crai, offer, sasha);
  await expect(yes(crai, offer, alex)).rejects.toThrow("You may not approve");
  expect(await yes(crai, offer, robin)).toMatchObject({ result: "started" });
  expect(await world.db.selectFrom("run").select("actor").execute()).toMatchObject([{ actor: robin }]);
  await expect(yes(crai, taken.stored, sasha)).rejects.toThrow(/runs already/);
});

test("a yes to a proposal whose change is no longer the same one is no yes", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  await yes(crai, offer, sasha);
  await world.db
    .updateTable("plan")
    .set({ fingerprint: "another" })
    .where("number", "=", offer.number)
    .execute();
  expect(await yes(crai, offer, robin)).toMatchObject({ result: "replanned" });
  expect(await world.db.selectFrom("run").select("number").execute()).toEqual([]);
});

test("case 37: two people who approve one plan at once make one run", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const plan = await planBy(crai, sasha);
  const answers = await Promise.allSettled([
    yes(crai, plan, robin),
    yes(crai, plan, alex),
    yes(crai, plan, robin),
  ]);
  expect(await world.db.selectFrom("run").select("plan").execute()).toEqual([{ plan: plan.number }]);
  expect(await world.db.selectFrom("lock").select("run").execute()).toHaveLength(1);
  const refusals = answers.flatMap((answer) =>
    answer.status === "rejected" ? [answer.reason as unknown] : [],
  );
  expect(refusals.every(isUserError)).toBe(true);
});

test("a person who presses Confirm twice on a proposal has one run and no refusal", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const first = await yes(crai, offer, robin);
  const second = await yes(crai, offer, robin);
  expect(second).toMatchObject({ result: "started", run: (first as { run: object }).run });
  expect(await world.db.selectFrom("run").select("plan").execute()).toHaveLength(1);
});

test("a proposal that one person may not carry out waits on for others", async () => {
  const world = await startEngineWorld();
  world.config.access.identities[alex.id] = people.noor.kubernetes;
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  await expect(yes(crai, offer, alex)).rejects.toThrow("may not");
  expect(await yes(crai, offer, robin)).toMatchObject({ result: "started" });
});

test("a proposal whose target is locked waits on until it is free", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const offer = await planBy(crai, alert);
  const other = await yes(crai, await planBy(crai, robin), robin);
  await expect(yes(crai, offer, robin)).rejects.toThrow("is locked by R1");
  await releaseLocks(world.db, (other as { run: { number: number } }).run.number);
  expect(await yes(crai, offer, robin)).toMatchObject({ result: "started" });
});

test("a no that comes at the same moment as a yes is refused or wins, and never says that it won when it did not", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const plan = await planBy(crai, robin);
  const [approving, denying] = await Promise.allSettled([
    yes(crai, plan, robin),
    crai.uses.approvals.deny({
      plan: plan.number,
      actor: robin,
      reason: null,
      cause: "press:no",
      channel: null,
    }),
  ]);
  const runs = await world.db.selectFrom("run").select("plan").execute();
  expect([approving.status, denying.status].toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(runs).toHaveLength(approving.status === "fulfilled" ? 1 : 0);
});

/** Needs the yes of two other people. */
const ofTwo = { rollback: rollback.replace("risk: reversible", "risk: guarded\napprovals: 2") };

test("a plan that needs two yeses runs with the second person's, and one person's counts once", async () => {
  const world = await startEngineWorld({ playbooks: ofTwo });
  const crai = await world.process();
  const plan = await planBy(crai, robin);
  expect(await yes(crai, plan, alex)).toMatchObject({ result: "counted", missing: 1 });
  expect(await yes(crai, plan, alex)).toMatchObject({ result: "counted", missing: 1 });
  await expect(yes(crai, plan, robin)).rejects.toThrow("needs the yes of a second person");
  expect(await world.db.selectFrom("run").select("number").execute()).toEqual([]);
  expect(await yes(crai, plan, sasha)).toMatchObject({ result: "started" });
  const { why } = await world.db.selectFrom("plan").select("why").executeTakeFirstOrThrow();
  expect(why).toMatch(/^as R1, approved by Alex at .+ UTC, approved by Sasha at .+ UTC\.$/);
});

test("two who approve a plan of two yeses at the same moment start one run", async () => {
  const world = await startEngineWorld({ playbooks: ofTwo });
  const crai = await world.process();
  const plan = await planBy(crai, robin);
  const answers = await Promise.all([yes(crai, plan, alex), yes(crai, plan, sasha)]);
  expect(answers.map(({ result }) => result).toSorted()).toEqual(["counted", "started"]);
});

test("whoever has said yes may still say no while others are waited for", async () => {
  const world = await startEngineWorld({ playbooks: ofTwo });
  const crai = await world.process();
  const plan = await planBy(crai, robin);
  await yes(crai, plan, alex);
  const no = { plan: plan.number, actor: alex, reason: "not yet", cause: "press:no", channel: null };
  expect(await crai.uses.approvals.deny(no)).toMatchObject({ status: "denied" });
  await expect(yes(crai, plan, sasha)).rejects.toThrow("it is denied");
});

test("undoing a guarded run is guarded for everybody: whoever approved it, and whoever is on call", async () => {
  const world = await startEngineWorld({
    playbooks: { rollback: rollback.replace("risk: reversible", "risk: guarded") },
  });
  const crai = await world.process();
  const plan = await planBy(crai, sasha);
  const started = (await yes(crai, plan, alex)) as { run: { number: number } };
  const run = started.run.number;
  await crai.runs.begin(run);
  await crai.runs.carryOut(run);
  await crai.runs.finish(run);

  const request = { run, incident: null, reason: null, channel: null };
  for (const actor of [alex, robin, sasha]) {
    const undo = await crai.uses.planner.makeUndo({ ...request, actor, key: `undo:${actor.id}` });
    expect(undo.plan.risk).toBe("guarded");
    await expect(yes(crai, undo, actor)).rejects.toThrow("needs the yes of a second person");
  }
});
