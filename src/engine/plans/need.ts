import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Plan } from "../../domain/plan.ts";
import type { OnCall } from "../authorizer.ts";

/** Who has to say yes, and why; when the glass may be broken, if ever. */
export interface Need {
  who: "requester" | "second-person";
  why: string;
  breakGlassAt: Date | null;
  /** Slack user IDs of the people who may say yes where a second person has to. */
  approvers: readonly string[];
}

export interface Circumstances {
  /** Whether the requester is on call for the plan's app. */
  requesterOnCall: OnCall;
  askedAt: Date | null;
  /** ms */
  breakGlassAfter: number;
  approvers: readonly string[];
}

/** The risk rules: reversible by whoever is on call for the app alone, guarded never alone. */
export function needOf(
  plan: Pick<Plan, "risk" | "actor" | "app">,
  { requesterOnCall, askedAt, breakGlassAfter, approvers }: Circumstances,
): Need {
  const breakGlassAt = askedAt === null ? null : addMilliseconds(askedAt, breakGlassAfter);
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
