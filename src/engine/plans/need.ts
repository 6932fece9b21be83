import { addMilliseconds } from "date-fns/addMilliseconds";
import { min } from "date-fns/min";
import { actorKey } from "../../domain/actor.ts";
import type { Config } from "../../domain/config.ts";
import { type Plan, planScopes } from "../../domain/plan.ts";
import type { Authorizer } from "../authorizer.ts";

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
  /** Whether the requester's own yes is enough for what can be undone: on call for every app of the plan. */
  requester: { alone: boolean; why: string };
  breakGlassAt: Date | null;
  approvers: readonly string[];
}

/** Who has to say yes to a plan at this moment. */
export function createNeed({ config, authorizer }: NeedOptions): NeedOf {
  /** "Not on call" is said only where it is known. */
  async function onCall(plan: Plan): Promise<Circumstances["requester"]> {
    // What it only looks at needs nobody who is on call for it.
    const changing = { ...plan, steps: plan.steps.filter((step) => step.mutates) };
    const names = [...new Set(planScopes(changing).map(({ app }) => app))];
    const apps = names.flatMap((name) => (name === null ? [] : (config.apps[name] ?? [])));
    if (apps.length < names.length || apps.length === 0)
      return { alone: false, why: "It is about no app that somebody is on call for." };
    const said = await Promise.all(apps.map((app) => authorizer.isOnCall(plan.actor, app)));
    const asked = names.join(" and ");
    const doubt = said.find((one) => one.is === "unknown");
    if (said.some((one) => one.is === "no"))
      return { alone: false, why: `The requester is not on call for ${asked}.` };
    if (doubt)
      return {
        alone: false,
        why: `It is not known whether the requester is on call for ${asked}: ${doubt.why}.`,
      };
    const told = said.flatMap((one) => (one.is === "yes" && one.asOf !== null ? [one.asOf] : []));
    const since =
      told.length === 0
        ? `is on call for ${asked}.`
        : `was on call for ${asked} when PagerDuty last said who is, at ${min(told).toISOString().slice(11, 19)} UTC.`;
    return { alone: true, why: `It can be undone, and the requester ${since}` };
  }

  /** Who may say yes to everything that it is about. */
  async function approversOf(plan: Plan): Promise<string[]> {
    const [first = [], ...others] = await Promise.all(
      planScopes(plan).map((scope) => authorizer.approvers(scope)),
    );
    return first.filter((id) => id !== actorKey(plan.actor) && others.every((may) => may.includes(id)));
  }

  return async (plan, askedAt) =>
    decide(plan, {
      requester: await onCall(plan),
      breakGlassAt: askedAt === null ? null : addMilliseconds(askedAt, config.deadlines.breakGlass),
      approvers: await approversOf(plan),
    });
}

/** The risk rules: reversible by whoever is on call for the app alone, guarded never alone. */
function decide(
  { risk, steps }: Pick<Plan, "risk" | "steps">,
  { requester, breakGlassAt, approvers }: Circumstances,
): Need {
  const alone = { who: "requester", breakGlassAt: null, approvers: [] } as const;
  const withOthers = { who: "second-person", breakGlassAt, approvers } as const;
  switch (risk) {
    case "observe":
      return { ...alone, why: "It only reads." };
    case "reversible":
      return { ...(requester.alone ? alone : withOthers), why: requester.why };
    case "guarded":
      return {
        ...withOthers,
        why:
          steps.find(({ guarded }) => guarded !== undefined)?.guarded ??
          "It is guarded: a second person has to agree.",
      };
  }
}
