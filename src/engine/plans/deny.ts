import { actorName, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Database } from "../../store/database.ts";
import { endDeadline } from "../../store/deadlines.ts";
import { insertApproval, planByNumber, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Authorizer } from "../authorizer.ts";
import { streamOf } from "../record.ts";
import { isAnsweredBy } from "./approve.ts";
import type { Answer } from "./judge-yes.ts";
import { type Expiry, notWaiting } from "./settle.ts";

export interface DenyOptions {
  db: Database;
  authorizer: Pick<Authorizer, "demand" | "vouch">;
  expiry: Expiry;
  now: Clock;
}

/** A no: of the requester, who may always cancel, or of anybody who might have said yes. */
export function createDeny({ db, authorizer, expiry, now }: DenyOptions) {
  return async (answer: Omit<Answer, "breakGlass">): Promise<StoredPlan> => {
    const stored = await expiry.current(answer.plan);
    const { number, plan } = stored;
    const before = { plan: number, actor: answer.actor, decision: "no" } as const;
    if (stored.status === "denied" && (await isAnsweredBy(db, before))) return stored;
    if (stored.status !== "waiting") throw await notWaiting(db, stored);
    const scope = { app: plan.app, environment: plan.environment };
    authorizer.vouch(scope);
    if (!sameActor(plan.actor, answer.actor)) await authorizer.demand(answer.actor, "plan:approve", scope);
    const why = `${actorName(answer.actor)} said no${answer.reason === null ? "" : `: ${answer.reason}`}.`;
    await db.transaction().execute(async (trx) => {
      if (!(await settlePlan(trx, number, "denied", why))) throw await notWaiting(trx, stored);
      await insertApproval(trx, {
        plan: number,
        actor: answer.actor,
        decision: "denied",
        reason: answer.reason,
        planHash: stored.hash,
        at: now(),
      });
      await endDeadline(trx, `plan:${number}:expires`, now());
      await appendEntry(trx, {
        stream: streamOf(plan.incident, number),
        at: now(),
        key: `plan:${number}:denied`,
        actor: answer.actor,
        fact: { kind: "approval.denied", plan: number, reason: answer.reason },
      });
    });
    return (await planByNumber(db, number)) ?? stored;
  };
}
