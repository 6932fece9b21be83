import { actorKey, type Person, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import { type Plan, planFingerprint, planScopes } from "../../domain/plan.ts";
import type { Database, Queries } from "../../store/database.ts";
import { approvalsOf, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { runOfPlan } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { Authorizer } from "../authorizer.ts";
import { type Answer, type createJudge, refuseBlocked } from "./judge-yes.ts";
import type { NeedOf } from "./need.ts";
import type { Planner } from "./planner.ts";
import { successorKey, successorOf } from "./replacement.ts";
import { type Expiry, notWaiting, recordVoid } from "./settle.ts";
import { type createStart, missingYeses, type Started } from "./start-run.ts";

export type Decision =
  /** The plan runs. */
  | { result: "started"; stored: StoredPlan; run: Row<"run"> }
  /** One yes of several: so many more are needed. */
  | { result: "counted"; stored: StoredPlan; missing: number }
  /** What it rested on has changed, or an alert's proposal was taken up by a person who needs another's yes: look at the new plan. */
  | { result: "replanned"; stored: StoredPlan; why: string };

export interface ApproveOptions {
  db: Database;
  planner: Pick<Planner, "draftAgain" | "fingerprintNow" | "store">;
  expiry: Expiry;
  authorizer: Pick<Authorizer, "allows" | "demand">;
  need: NeedOf;
  judge: ReturnType<typeof createJudge>;
  start: ReturnType<typeof createStart>;
  now: Clock;
}

/** A yes: of the requester, of a second person, or with the glass broken. */
export function createApprove(options: ApproveOptions) {
  const { db, planner, authorizer, expiry, need, judge, start, now } = options;

  /** Stores the plan as it is now in place of one that no longer fits; undefined when somebody else was first. */
  async function replace(
    trx: Queries,
    stored: StoredPlan,
    { fresh, why }: { fresh: Plan; why: string },
    answer: Answer,
  ): Promise<StoredPlan | undefined> {
    if (!(await settlePlan(trx, stored.number, "voided", why))) return undefined;
    const channel = stored.channel ?? answer.channel;
    const next = await planner.store(trx, fresh, { key: successorKey(stored), channel });
    await recordVoid(trx, stored, { why, actor: answer.actor, at: now() });
    return next;
  }

  /**
   * An alert proposed it; the person who says yes becomes its requester, and it is worked out again with their rights.
   * The proposal goes only when something comes in its place: a refusal leaves it to others.
   */
  async function takeUp(stored: StoredPlan, answer: Answer): Promise<Decision | undefined> {
    const fresh = await planner.draftAgain(stored.plan, answer.actor);
    refuseBlocked(fresh);
    const same = planFingerprint(fresh) === stored.fingerprint;
    const required = await need(fresh, null);
    const why = same ? `${answer.actor.name} took it up.` : "The world had moved since it was proposed.";
    return db.transaction().execute(async (trx) => {
      const mine = await replace(trx, stored, { fresh, why }, answer);
      if (!mine) return undefined;
      if (!same) return { result: "replanned", stored: mine, why };
      if (required.who !== "requester") return { result: "replanned", stored: mine, why: required.why };
      const started = await start(trx, mine, answer, "confirmed");
      return started && decisionOf(mine, started);
    });
  }

  /** A yes to a person's plan: it runs, or is worked out again where the world has moved. */
  async function agree(stored: StoredPlan, answer: Answer): Promise<Decision | undefined> {
    const again = { plan: stored.number, actor: answer.actor, decision: "yes" } as const;
    if (!answer.breakGlass && (await isAnsweredBy(db, again)))
      return { result: "counted", stored, missing: await missingYeses(db, stored) };
    const how = await judge(stored, answer);
    refuseBlocked(stored.plan);
    if ((await planner.fingerprintNow(stored.plan)) === stored.fingerprint) {
      const started = await db.transaction().execute((trx) => start(trx, stored, answer, how));
      return started && decisionOf(stored, started);
    }
    const why = "What it rests on has changed since it was planned.";
    const fresh = await planner.draftAgain(stored.plan);
    const next = await db.transaction().execute((trx) => replace(trx, stored, { fresh, why }, answer));
    return next && { result: "replanned", stored: next, why };
  }

  async function mayApprove(plan: Plan, actor: Person): Promise<boolean> {
    for (const scope of planScopes(plan))
      if (!(await authorizer.allows(actor, "plan:approve", scope))) return false;
    return true;
  }

  /** What a yes comes to whose plan another one has replaced. */
  async function answerNext(
    stored: StoredPlan,
    next: StoredPlan,
    answer: Answer,
  ): Promise<Decision | undefined> {
    const forNext = { ...answer, plan: next.number };
    if (next.status !== "waiting") return decide(forNext);
    const wasProposal = stored.plan.actor.kind !== "person";
    const own = sameActor(next.plan.actor, answer.actor);
    // Only a yes to the very same change counts for it; anything else has to be looked at first.
    if (!wasProposal || own || next.fingerprint !== stored.fingerprint)
      return { result: "replanned", stored: next, why: stored.why ?? "" };
    if (await mayApprove(next.plan, answer.actor)) return decide(forNext);
    const alone = (await need({ ...next.plan, actor: answer.actor }, null)).who === "requester";
    return alone ? takeUp(next, answer) : decide(forNext);
  }

  /** undefined: somebody else's answer was first, so that the plan is to be looked at again. */
  async function decide(answer: Answer): Promise<Decision | undefined> {
    const stored = await expiry.current(answer.plan);
    if (stored.status === "waiting")
      return stored.plan.actor.kind === "person" ? agree(stored, answer) : takeUp(stored, answer);
    // It is carried out again after a crash, or was pressed twice.
    const run = await runStartedBy(db, stored, answer.actor);
    if (run) return { result: "started", stored, run };
    const next = await successorOf(db, stored);
    if (!next) {
      await demandSight(authorizer, stored, answer.actor);
      throw await notWaiting(db, stored);
    }
    return answerNext(stored, next, answer);
  }

  return async (answer: Answer): Promise<Decision> => {
    // Each round that is lost has settled a plan, so this ends.
    for (;;) {
      const decision = await decide(answer);
      if (decision) return decision;
    }
  };
}

/** How a plan was answered is said only to whoever may see it, or asked for it. */
export async function demandSight(
  authorizer: Pick<Authorizer, "demand">,
  { plan }: StoredPlan,
  actor: Person,
): Promise<void> {
  if (sameActor(plan.actor, actor)) return;
  for (const scope of planScopes(plan)) await authorizer.demand(actor, "run:read", scope);
}

function decisionOf(stored: StoredPlan, started: Started): Decision {
  return "run" in started
    ? { result: "started", stored, run: started.run }
    : { result: "counted", stored, missing: started.missing };
}

/** The run that this person's yes to this plan has started. */
async function runStartedBy(
  db: Queries,
  { number, status }: StoredPlan,
  actor: Person,
): Promise<Row<"run"> | undefined> {
  if (status !== "started") return undefined;
  return (await isAnsweredBy(db, { plan: number, actor, decision: "yes" }))
    ? runOfPlan(db, number)
    : undefined;
}

/** Whether this person has said just that to this plan before. */
export async function isAnsweredBy(
  db: Queries,
  { plan, actor, decision }: { plan: number; actor: Person; decision: "yes" | "no" },
): Promise<boolean> {
  const given = (await approvalsOf(db, plan)).find((approval) => approval.actor_key === actorKey(actor));
  return given !== undefined && (given.decision === "denied") === (decision === "no");
}
