import { actorName, type Person, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { type Plan, planScopes, planWarnings } from "../../domain/plan.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Need, NeedOf } from "./need.ts";

export interface Answer {
  plan: number;
  actor: Person;
  reason: string | null;
  breakGlass: boolean;
  /** The invocation, so that a repeated press is one answer. */
  cause: string;
  channel: string | null;
}

/** Of the requester alone, of a second person, or with the glass broken. */
export type Yes = "confirmed" | "approved" | "break-glass";

export interface JudgeOptions {
  config: Pick<Config, "deadlines">;
  authorizer: Pick<Authorizer, "demand">;
  need: NeedOf;
  now: Clock;
}

/** Which kind of yes an answer is; the returned function throws a UserError when it is none. */
export function createJudge({ config, authorizer, need, now }: JudgeOptions) {
  function refuseGlass({ plan }: StoredPlan, required: Need, answer: Answer): void {
    if (answer.reason === null || answer.reason.trim() === "") {
      throw new UserError("Breaking the glass needs a reason.", {
        why: "It is announced, stands on the timeline and is reviewed afterwards.",
        next: `\`approve P${answer.plan} --break-glass --reason "…"\``,
      });
    }
    // It is another person's plan: a yes that is theirs alone must not be given in their place.
    if (required.who === "requester") {
      throw new UserError(`P${answer.plan} needs no broken glass.`, {
        why: `${required.why} ${actorName(plan.actor)}'s own yes is enough.`,
        next: `${actorName(plan.actor)} confirms it, or you approve it: \`approve P${answer.plan}\`.`,
      });
    }
    if (required.breakGlassAt === null || now() < required.breakGlassAt) {
      throw new UserError("The glass cannot be broken yet.", {
        why: `A second person is asked first and has ${formatDuration(config.deadlines.breakGlass)} to answer.`,
        next: "Ask somebody to approve it, or try again then.",
      });
    }
  }

  return async (stored: StoredPlan, answer: Answer): Promise<Yes> => {
    const { plan } = stored;
    const required = await need(plan, stored.askedAt);
    const own = sameActor(plan.actor, answer.actor);
    if (own && required.who === "requester") return "confirmed";
    if (answer.breakGlass) {
      for (const scope of planScopes(plan)) await authorizer.demand(answer.actor, "glass:break", scope);
      refuseGlass(stored, required, answer);
      return "break-glass";
    }
    if (own) {
      throw new UserError(`P${stored.number} needs the yes of a second person.`, {
        why: required.why,
        next: `Somebody else presses Approve, or types \`approve P${stored.number}\`.`,
      });
    }
    for (const scope of planScopes(plan)) await authorizer.demand(answer.actor, "plan:approve", scope);
    return "approved";
  };
}

export function refuseBlocked(plan: Plan): void {
  const blocks = planWarnings(plan).filter((warning) => warning.level === "block");
  if (blocks.length === 0) return;
  throw new UserError("This plan cannot be run.", {
    why: blocks.map((block) => block.text).join(" "),
    next: blocks[0]?.next ?? "Plan again once that has changed.",
  });
}
