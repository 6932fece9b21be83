import { actorName, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import { planScopes } from "../../domain/plan.ts";
import type { Database, Queries } from "../../store/database.ts";
import { putApproval, planByNumber, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Authorizer } from "../authorizer.ts";
import { line } from "../page.ts";
import { say, streamOf } from "../record.ts";
import { demandSight, isAnsweredBy } from "./approve.ts";
import type { Answer } from "./judge-yes.ts";
import { type Expiry, notWaiting } from "./settle.ts";
import { endWait } from "./waiting.ts";

export interface DenyOptions {
  db: Database;
  authorizer: Pick<Authorizer, "demand" | "vouch">;
  expiry: Expiry;
  now: Clock;
}

/** A no: of the requester, who may always cancel, or of anybody who might have said yes. */
export function createDeny({ db, authorizer, expiry, now }: DenyOptions) {
  /** An alert's proposal has no message that could say it: it only goes from the card. */
  async function tell(trx: Queries, { number, plan }: StoredPlan, why: string): Promise<void> {
    if (plan.incident === null) return;
    const view = line(`P${number} is denied: ${plan.title}. ${why}`);
    const telling = { key: `plan:${number}:denied`, about: plan.incident };
    await say(trx, telling, { do: "post", channel: { incident: plan.incident }, view }, now());
  }

  return async (answer: Omit<Answer, "breakGlass">): Promise<StoredPlan> => {
    const stored = await expiry.current(answer.plan);
    const { number, plan } = stored;
    const before = { plan: number, actor: answer.actor, decision: "no" } as const;
    if (stored.status === "denied" && (await isAnsweredBy(db, before))) return stored;
    if (stored.status !== "waiting") {
      await demandSight(authorizer, stored, answer.actor);
      throw await notWaiting(db, stored);
    }
    const own = sameActor(plan.actor, answer.actor);
    for (const scope of planScopes(plan)) {
      authorizer.vouch(scope);
      if (!own) await authorizer.demand(answer.actor, "plan:approve", scope);
    }
    const why = `${actorName(answer.actor)} said no${answer.reason === null ? "" : `: ${answer.reason}`}.`;
    await db.transaction().execute(async (trx) => {
      if (!(await settlePlan(trx, number, "denied", why))) throw await notWaiting(trx, stored);
      await putApproval(trx, {
        plan: number,
        actor: answer.actor,
        decision: "denied",
        reason: answer.reason,
        planHash: stored.hash,
        at: now(),
      });
      await appendEntry(trx, {
        stream: streamOf(plan.incident, number),
        at: now(),
        key: `plan:${number}:denied`,
        actor: answer.actor,
        fact: { kind: "approval.denied", plan: number, reason: answer.reason },
      });
      await endWait(trx, stored, { by: answer.actor, at: now() });
      if (plan.actor.kind !== "person") await tell(trx, stored, why);
    });
    return (await planByNumber(db, number)) ?? stored;
  };
}
