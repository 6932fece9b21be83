import { expect, test } from "vitest";
import type { Person } from "../../src/domain/actor.ts";
import { isUserError, type UserError } from "../../src/domain/errors.ts";
import type { StoredPlan } from "../../src/store/plans.ts";
import { readStream } from "../../src/store/timeline.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alex, robin, rollback, sasha, startEngineWorld } from "../engine/engine-world.ts";

const minute = 60_000;

function planBy({ uses }: Pick<Engine, "uses">, actor: Person): Promise<StoredPlan> {
  return uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: { app: "api", env: null, to: null },
    actor,
    incident: null,
    reason: null,
    channel: null,
    key: `test:${actor.id}`,
  });
}

async function refusal(answer: Promise<unknown>): Promise<UserError> {
  const outcome = await answer.catch((error: unknown) => error);
  if (isUserError(outcome)) return outcome;
  throw new Error("nothing was refused", { cause: outcome });
}

function yes(plan: StoredPlan, actor: Person, more: { breakGlass?: boolean; reason?: string } = {}) {
  const { breakGlass = false, reason = null } = more;
  return {
    plan: plan.number,
    actor,
    reason,
    breakGlass,
    cause: `press:${actor.id}:${breakGlass}`,
    channel: null,
  };
}

test("a yes that comes after its time is none: the plan has expired, and its record says so", async () => {
  const world = await startEngineWorld();
  const plan = await planBy(await world.process(), sasha);
  const later = await world.process({ now: () => new Date(Date.now() + 11 * minute) });
  const { message, why, next } = await refusal(later.uses.approvals.approve(yes(plan, robin)));
  expect(message).toMatch(/can no longer be answered: it is expired/);
  expect(why).toBe("Nobody said yes within 10m.");
  expect(next).toMatch(/Plan again/);
  expect((await refusal(later.uses.approvals.deny(yes(plan, robin)))).message).toMatch(/it is expired/);
  const facts = (await readStream(world.db, `plan:${plan.number}`)).map(({ fact }) => fact.kind);
  expect(facts).toEqual(["plan.made", "plan.voided"]);
  expect(await world.db.selectFrom("run").selectAll().execute()).toEqual([]);
});

test("nobody is paged any longer for a guarded plan whose time is over", async () => {
  const guarded = rollback.replace("risk: reversible", "risk: guarded");
  const world = await startEngineWorld({ playbooks: { rollback: guarded } });
  const { uses } = await world.process();
  const plan = await planBy({ uses }, sasha);
  await uses.approvals.asked(plan);
  await uses.approvals.expire(plan.number);
  const told = await world.db
    .selectFrom("outbox")
    .select("message")
    .where("system", "=", "pagerduty")
    .orderBy("id")
    .execute();
  const dedupKey = `crai-plan-${plan.number}`;
  expect(told.map(({ message }) => message)).toMatchObject([
    { do: "page", dedupKey },
    { do: "end-page", dedupKey },
  ]);
});

test("the glass breaks after two minutes, for those who may, with a reason, and the record says who and why", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const plan = await planBy(crai, sasha);
  await crai.uses.approvals.asked(plan);
  const { approvals } = (await world.process({ now: () => new Date(Date.now() + 3 * minute) })).uses;
  const broken = (actor: Person, reason?: string) =>
    approvals.approve(yes(plan, actor, { breakGlass: true, ...(reason !== undefined && { reason }) }));
  expect((await refusal(broken(sasha, "nobody answers"))).message).toMatch(/You may not break the glass/);
  expect((await refusal(broken(alex, " "))).message).toMatch(/needs a reason/);
  expect(await broken(alex, "nobody answers")).toMatchObject({ result: "started" });
  const entries = await readStream(world.db, `plan:${plan.number}`);
  expect(entries.map(({ fact, actor }) => [fact, actor])).toContainEqual([
    { kind: "approval.given", plan: plan.number, how: "break-glass", reason: "nobody answers" },
    alex,
  ]);
});
