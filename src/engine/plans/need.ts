import { addMilliseconds } from "date-fns/addMilliseconds";
import { actorKey } from "../../domain/actor.ts";
import type { Config } from "../../domain/config.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Authorizer, OnCall } from "../authorizer.ts";

/** Who has to say yes, and why; when the glass may be broken, if ever. */
export interface Need {
  who: "requester" | "second-person";
  why: string;
  breakGlassAt: Date | null;
  /** Slack user IDs of the people who may say yes where a second person has to. */
  approvers: readonly string[];
}

export interface NeedOptions {
  config: Pick<Config, "apps" | "deadlines">;
  authorizer: Pick<Authorizer, "isOnCall" | "approvers">;
}

/** `askedAt`: when a second person was asked; from then on the time to break-glass counts. */
export type NeedOf = (plan: Plan, askedAt: Date | null) => Promise<Need>;

interface Circumstances {
  /** Whether the requester is on call for the plan's app. */
  requesterOnCall: OnCall;
  breakGlassAt: Date | null;
  approvers: readonly string[];
}

/** Who has to say yes to a plan at this moment. */
export function createNeed({ config, authorizer }: NeedOptions): NeedOf {
  return async (plan, askedAt) => {
    const app = plan.app === null ? undefined : config.apps[plan.app];
    const onCall: OnCall = app === undefined ? { is: "no" } : await authorizer.isOnCall(plan.actor, app);
    const may = await authorizer.approvers({ app: plan.app, environment: plan.environment });
    return decide(plan, {
      requesterOnCall: onCall,
      breakGlassAt: askedAt === null ? null : addMilliseconds(askedAt, config.deadlines.breakGlass),
      approvers: may.filter((id) => id !== actorKey(plan.actor)),
    });
  };
}

/** The risk rules: reversible by whoever is on call for the app alone, guarded never alone. */
function decide(
  plan: Pick<Plan, "risk" | "app">,
  { requesterOnCall, breakGlassAt, approvers }: Circumstances,
): Need {
  switch (plan.risk) {
    case "observe":
      return { who: "requester", why: "It only reads.", breakGlassAt: null, approvers: [] };
    case "reversible":
      return requesterOnCall.is === "yes"
        ? {
            who: "requester",
            why: `It can be undone, and the requester is on call for ${plan.app}.`,
            breakGlassAt: null,
            approvers: [],
          }
        : {
            who: "second-person",
            why:
              requesterOnCall.is === "unknown"
                ? `PagerDuty does not say who is on call for ${plan.app}.`
                : `The requester is not on call for ${plan.app}.`,
            breakGlassAt,
            approvers,
          };
    case "guarded":
      return {
        who: "second-person",
        why: "It is guarded: a second person has to agree.",
        breakGlassAt,
        approvers,
      };
  }
}
