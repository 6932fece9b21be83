import { type Actor, actorKey } from "../domain/actor.ts";
import {
  authorize,
  type Permission,
  permissions,
  type Rule,
  type Role,
  type Scope,
} from "../domain/access.ts";
import { NotAllowed } from "../domain/errors.ts";
import type { App } from "../domain/app.ts";
import { isSlackUser } from "./people.ts";
import type { Roll, Roster } from "./roster.ts";

/** Whether somebody is on call. What is not known is never shown as "not on call". */
export type OnCall =
  /** `asOf`: PagerDuty does not answer now, and said so last at that time; null: it says so now. */
  { is: "yes"; asOf: Date | null } | { is: "no" } | { is: "unknown"; why: string };

export interface Authorizer {
  /** Throws UserError when it is not known well enough who asks; needed only where no permission is demanded. */
  vouch(scope: Scope): void;
  /** Throws UserError when it is not allowed: the one gate that every surface passes. */
  demand(actor: Actor, permission: Permission, scope: Scope): Promise<void>;
  allows(actor: Actor, permission: Permission, scope: Scope): Promise<boolean>;
  roles(actor: Actor): Promise<ReadonlySet<string>>;
  /** Whether they are on call for the app at this moment, by its schedules. */
  isOnCall(actor: Actor, app: App): Promise<OnCall>;
  /** Slack user IDs of the people who may do this. */
  holders(permission: Permission, scope: Scope): Promise<string[]>;
  /** Slack user IDs of the people who may approve plans of this app. */
  approvers(scope: Scope): Promise<string[]>;
}

export interface AuthorizerOptions {
  access: { roles: Record<string, Role>; rules: Rule[] };
  roster: Roster;
  /** Throws a UserError where it is not known well enough who asks; where Slack says who it is, it always is. */
  vouch?: ((scope: Scope) => void) | undefined;
}

/** `*` means everybody in the Slack workspace: somebody known to a cluster alone is not one of them. */
function isInWorkspace(actor: Actor): boolean {
  return actor.kind === "person" && isSlackUser(actor.id);
}

/** By its words in crai.yaml alone. */
function names(role: Role, actor: Actor): boolean {
  return role.members.includes(actorKey(actor)) || (role.members.includes("*") && isInWorkspace(actor));
}

function isIn({ members }: Roll, actor: Actor): boolean {
  return members.some(({ slack }) => slack === actorKey(actor));
}

/** Whether somebody is in one of several rolls; what is missing from the others is no matter then. */
function findIn(rolls: readonly Roll[], actor: Actor): OnCall {
  const asOf = rolls.filter((roll) => isIn(roll, actor)).map((roll) => roll.asOf);
  if (asOf.length > 0) return { is: "yes", asOf: asOf.includes(null) ? null : (asOf[0] ?? null) };
  const missing = rolls.find((roll) => roll.missing !== null)?.missing;
  return missing ? { is: "unknown", why: missing.why } : { is: "no" };
}

/** Resolves roles at the moment of the question: a person taken out of a group or off call has lost the role. */
export function createAuthorizer({ access, roster, vouch = () => undefined }: AuthorizerOptions): Authorizer {
  async function groupsOf({ members }: Role): Promise<Roll[]> {
    return Promise.all(members.filter((id) => id.startsWith("S")).map((id) => roster.group(id)));
  }

  async function schedulesOf({ onCall }: Pick<Role, "onCall">): Promise<Roll[]> {
    return Promise.all(onCall.map((id) => roster.schedule(id)));
  }

  async function rollsOf(roles: readonly Role[]): Promise<Roll[]> {
    return (await Promise.all(roles.flatMap((role) => [groupsOf(role), schedulesOf(role)]))).flat();
  }

  async function holds(actor: Actor, role: Role): Promise<boolean> {
    return names(role, actor) || findIn(await rollsOf([role]), actor).is === "yes";
  }

  function rolesThatMay(permission: Permission, scope: Scope): [string, Role][] {
    return Object.entries(access.roles).filter(
      ([role]) => authorize(access.rules, new Set([role]), permission, scope).allowed,
    );
  }

  /** Undefined: they may. PagerDuty is asked only where neither crai.yaml nor a group gives the right. */
  async function refusal(actor: Actor, permission: Permission, scope: Scope): Promise<Refusal | undefined> {
    const able = rolesThatMay(permission, scope);
    if (able.some(([, role]) => names(role, actor))) return undefined;
    const doubts: string[] = [];
    for (const rolls of [groupsOf, schedulesOf]) {
      const found = findIn((await Promise.all(able.map(([, role]) => rolls(role)))).flat(), actor);
      if (found.is === "yes") return undefined;
      if (found.is === "unknown") doubts.push(found.why);
    }
    return { able: able.map(([name]) => name), doubts };
  }

  async function holders(permission: Permission, scope: Scope): Promise<string[]> {
    const able = rolesThatMay(permission, scope).map(([, role]) => role);
    const rolls = await rollsOf(able);
    const people = rolls.flatMap(({ members }) => members.map(({ slack }) => slack ?? ""));
    return [...new Set([...able.flatMap(({ members }) => members), ...people])].filter(isSlackUser).sort();
  }

  return {
    async roles(actor) {
      const held = await Promise.all(
        Object.entries(access.roles).map(async ([name, role]) => ((await holds(actor, role)) ? name : null)),
      );
      return new Set(held.filter((name) => name !== null));
    },
    async allows(actor, permission, scope) {
      return (await refusal(actor, permission, scope)) === undefined;
    },
    vouch,
    async demand(actor, permission, scope) {
      vouch(scope);
      const refused = await refusal(actor, permission, scope);
      if (refused !== undefined) throw refusalError(permission, scope, refused);
    },
    async isOnCall(actor, app) {
      if (actor.kind !== "person") return { is: "no" };
      return findIn(await schedulesOf(app), actor);
    },
    holders,
    approvers: (scope) => holders("plan:approve", scope),
  };
}

interface Refusal {
  /** The roles that would do. */
  able: readonly string[];
  /** Why it is not known whether they hold one of them. */
  doubts: readonly string[];
}

function refusalError(permission: Permission, scope: Scope, { able, doubts }: Refusal): NotAllowed {
  const where = scope.environment === undefined ? "" : ` in ${scope.environment}`;
  const about = scope.app === undefined ? "" : ` for ${scope.app}${where}`;
  const needs = `It needs the permission ${permission}, which ${able.length > 0 ? `these roles have: ${able.join(", ")}` : "no role has"}.`;
  if (doubts.length > 0)
    return new NotAllowed(`It is not known whether you may ${permissions[permission]}${about}.`, {
      why: `${needs} ${doubts.map((doubt) => `${doubt}.`).join(" ")}`,
      next: "Try again in half a minute, or ask somebody whom crai.yaml names in one of these roles.",
    });
  return new NotAllowed(`You may not ${permissions[permission]}${about}.`, {
    why: needs,
    next:
      able.length > 0
        ? "Ask somebody who has one of these roles, or to be added to one."
        : "Ask whoever keeps crai.yaml to grant it to a role.",
  });
}
