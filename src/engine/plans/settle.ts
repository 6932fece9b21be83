import { type Actor, actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import type { Database, Queries } from "../../store/database.ts";
import { approvalsOf, planByNumber, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { runOfPlan } from "../../store/runs.ts";
import { appendEntry } from "../../store/timeline.ts";
import { noPlan } from "../commands/references.ts";
import { streamOf } from "../record.ts";
import { offerAgain } from "./offer-again.ts";
import { successorOf } from "./replacement.ts";
import { endWait } from "./waiting.ts";

export interface ExpiryOptions {
  db: Database;
  config: Pick<Config, "deadlines">;
  now: Clock;
}

export interface Expiry {
  /** The plan as it stands; one whose time is over has expired with this look. */
  current(plan: number): Promise<StoredPlan>;
  /** Ends the wait of a plan that nobody answered; undefined when it waits no more. */
  expire(plan: number): Promise<StoredPlan | undefined>;
}

export function createExpiry({ db, config, now }: ExpiryOptions): Expiry {
  async function expire(number: number): Promise<StoredPlan | undefined> {
    const why = `Nobody said yes within ${formatDuration(config.deadlines.approval)}.`;
    return db.transaction().execute(async (trx) => {
      const stored = await planByNumber(trx, number);
      if (!stored || !expires(stored) || !(await settlePlan(trx, number, "expired", why))) return undefined;
      await recordVoid(trx, stored, { why, actor: { kind: "observer" }, at: now() });
      await offerAgain(trx, stored, { after: `P${number}`, at: now() });
      return { ...stored, status: "expired" as const, why };
    });
  }

  return {
    expire,
    async current(number) {
      const stored = await planByNumber(db, number);
      if (!stored) throw noPlan(number);
      if (stored.status === "waiting" && expires(stored) && now() >= stored.expiresAt)
        return (await expire(number)) ?? stored;
      return stored;
    },
  };
}

/** An alert's proposal is worked out again when somebody presses it, so it cannot grow stale. */
function expires(stored: StoredPlan): boolean {
  return stored.plan.actor.kind === "person";
}

/** That a plan no longer holds, and that nothing waits for its time to be over any more. */
export async function recordVoid(
  trx: Queries,
  stored: StoredPlan,
  { why, actor, at }: { why: string; actor: Actor; at: Date },
): Promise<void> {
  await appendEntry(trx, {
    stream: streamOf(stored.plan.incident, stored.number),
    at,
    key: `plan:${stored.number}:voided`,
    actor,
    fact: { kind: "plan.voided", plan: stored.number, why },
  });
  await endWait(trx, stored, { by: actor, at });
}

const gone = { denied: "it is denied", expired: "it is expired", voided: "it no longer holds" } as const;

/** Why nobody can say yes or no to it any more: who was first, or what came in its place. */
export async function notWaiting(db: Queries, { number }: Pick<StoredPlan, "number">): Promise<UserError> {
  const run = await runOfPlan(db, number);
  if (run) {
    const first = (await approvalsOf(db, number)).find(({ decision }) => decision !== "denied");
    return new UserError(`P${number} runs already, as R${run.number}.`, {
      why: first
        ? `${actorName(first.actor)} said yes before you, at ${first.at.toISOString().slice(11, 19)} UTC.`
        : "Somebody said yes before you.",
      next: `\`runs R${run.number}\` shows how it goes.`,
    });
  }
  const stored = await planByNumber(db, number);
  if (!stored || stored.status === "waiting" || stored.status === "started") return noPlan(number);
  const next = await successorOf(db, stored);
  return new UserError(`P${number} can no longer be answered: ${gone[stored.status]}.`, {
    why: stored.why ?? "It was answered.",
    next: next
      ? `\`status P${next.number}\` shows what came in its place.`
      : "Plan again: the world may have moved.",
  });
}
