import { actorKey, type Person, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import { type Plan, planFingerprint } from "../../domain/plan.ts";
import type { Database, Queries } from "../../store/database.ts";
import { approvalsOf, planByKey, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { runOfPlan } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { type Answer, type createJudge, refuseBlocked } from "./judge-yes.ts";
import type { NeedOf } from "./need.ts";
import type { Planner } from "./planner.ts";
import { type Expiry, notWaiting, recordVoid } from "./settle.ts";
import type { createStart } from "./start-run.ts";

export type Decision =
  /** The plan runs. */
  | { result: "started"; stored: StoredPlan; run: Row<"run"> }
  /** What it rested on has changed, or an alert's proposal was taken up by a person who needs another's yes: look at the new plan. */
  | { result: "replanned"; stored: StoredPlan; why: string };

export interface ApproveOptions {
  db: Database;
  planner: Pick<Planner, "draftAgain" | "fingerprintNow" | "store">;
  expiry: Expiry;
  need: NeedOf;
  judge: ReturnType<typeof createJudge>;
  start: ReturnType<typeof createStart>;
  now: Clock;
}

/** A yes: of the requester, of a second person, or with the glass broken. */
export function createApprove({ db, planner, expiry, need, judge, start, now }: ApproveOptions) {
  /** Stores the plan as it is now in place of one that no longer fits; of several at once, the first does. */
  async function replace(
    trx: Queries,
    stored: StoredPlan,
    { fresh, why }: { fresh: Plan; why: string },
    answer: Answer,
  ): Promise<StoredPlan> {
    if (!(await settlePlan(trx, stored.number, "voided", why))) throw await notWaiting(trx, stored.number);
    const channel = stored.channel ?? answer.channel;
    const next = await planner.store(trx, fresh, { key: successorKey(stored), channel });
    await recordVoid(trx, stored, { why, actor: answer.actor, at: now() });
    return next;
  }

  /**
   * An alert proposed it; the person who says yes becomes its requester, and it is worked out again with their rights.
   * The proposal goes only when something comes in its place: a refusal leaves it to others.
   */
  async function takeUp(stored: StoredPlan, answer: Answer): Promise<Decision> {
    const fresh = await planner.draftAgain(stored.plan, answer.actor);
    refuseBlocked(fresh);
    const same = planFingerprint(fresh) === stored.fingerprint;
    const required = await need(fresh, null);
    const why = same ? `${answer.actor.name} took it up.` : "The world had moved since it was proposed.";
    return db.transaction().execute(async (trx) => {
      const mine = await replace(trx, stored, { fresh, why }, answer);
      if (!same) return { result: "replanned", stored: mine, why };
      if (required.who !== "requester") return { result: "replanned", stored: mine, why: required.why };
      return { result: "started", stored: mine, run: await start(trx, mine, answer, "confirmed") };
    });
  }

  /** The run that this person's yes to this plan has started. */
  async function startedBy(stored: StoredPlan, actor: Person): Promise<Decision | undefined> {
    const run = stored.status === "started" ? await runOfPlan(db, stored.number) : undefined;
    if (!run || !(await isAnsweredBy(db, { plan: stored.number, actor, decision: "yes" }))) return undefined;
    return { result: "started", stored, run };
  }

  /** What this answer has led to already: it is carried out again after a crash, or was pressed twice. */
  async function given(stored: StoredPlan, { actor }: Answer): Promise<Decision | undefined> {
    const started = await startedBy(stored, actor);
    if (started) return started;
    const next = stored.status === "voided" ? await planByKey(db, successorKey(stored)) : undefined;
    if (!next) return undefined;
    const goesOn =
      next.status === "waiting" && (stored.plan.actor.kind === "person" || sameActor(next.plan.actor, actor));
    if (goesOn) return { result: "replanned", stored: next, why: stored.why ?? "" };
    return startedBy(next, actor);
  }

  return async (answer: Answer): Promise<Decision> => {
    const stored = await expiry.current(answer.plan);
    const before = await given(stored, answer);
    if (before) return before;
    if (stored.status !== "waiting") throw await notWaiting(db, stored.number);
    if (stored.plan.actor.kind !== "person") return takeUp(stored, answer);
    const how = await judge(stored, answer);
    refuseBlocked(stored.plan);
    if ((await planner.fingerprintNow(stored.plan)) === stored.fingerprint) {
      const run = await db.transaction().execute((trx) => start(trx, stored, answer, how));
      return { result: "started", stored, run };
    }
    const why = "What it rests on has changed since it was planned.";
    const fresh = await planner.draftAgain(stored.plan);
    const next = await db.transaction().execute((trx) => replace(trx, stored, { fresh, why }, answer));
    return { result: "replanned", stored: next, why };
  };
}

/** A plan is replaced at most once, so its number names what came in its place. */
function successorKey({ number }: StoredPlan): string {
  return `plan:${number}:again`;
}

/** Whether this person has said just that to this plan before. */
export async function isAnsweredBy(
  db: Queries,
  { plan, actor, decision }: { plan: number; actor: Person; decision: "yes" | "no" },
): Promise<boolean> {
  const given = (await approvalsOf(db, plan)).find((approval) => approval.actor_key === actorKey(actor));
  return given !== undefined && (given.decision === "denied") === (decision === "no");
}
