import { type Actor, actorKey } from "../domain/actor.ts";
import {
  authorize,
  type Permission,
  permissions,
  type Rule,
  type Role,
  type Scope,
} from "../domain/access.ts";
import { UserError } from "../domain/errors.ts";
import type { App } from "../domain/app.ts";
import type { Directory, OnCallPerson, Pager } from "./ports.ts";

/** Whether somebody is on call. What is not known is never shown as "not on call". */
export type OnCall =
  /** `asOf`: PagerDuty does not answer now, and said so last at that time; null: it says so now. */
  { is: "yes"; asOf: Date | null } | { is: "no" } | { is: "unknown"; why: string };

export interface Authorizer {
  /** Throws UserError when it is not allowed: the one gate that every surface passes. */
  demand(actor: Actor, permission: Permission, scope: Scope): Promise<void>;
  allows(actor: Actor, permission: Permission, scope: Scope): Promise<boolean>;
  roles(actor: Actor): Promise<ReadonlySet<string>>;
  /** Whether they are on call for the app at this moment, by its schedules. */
  isOnCall(actor: Actor, app: App): Promise<OnCall>;
  /** Slack user IDs of the people who may approve plans of this app. */
  approvers(scope: Scope): Promise<string[]>;
}

export interface AuthorizerOptions {
  access: { roles: Record<string, Role>; rules: Rule[] };
  directory: Directory;
  pager: Pager | null;
}

/** `*` means everybody in the Slack workspace: somebody known to a cluster alone is not one of them. */
function isInWorkspace(actor: Actor): boolean {
  return actor.kind === "person" && /^[UW][A-Z0-9]+$/.test(actor.id);
}

/** Resolves roles at the moment of the question: a person taken out of a group or off call has lost the role. */
export function createAuthorizer({ access, directory, pager }: AuthorizerOptions): Authorizer {
  async function onCallIds(schedules: readonly string[]): Promise<Set<string>> {
    if (pager === null || schedules.length === 0) return new Set();
    const people: OnCallPerson[] = await pager.onCall(schedules);
    const users = await Promise.all(
      people.map(async ({ email }) => (email === null ? null : directory.userByEmail(email))),
    );
    return new Set(users.filter((user) => user !== null));
  }

  async function membersOf(role: Role): Promise<Set<string>> {
    const groups = role.members.filter((member) => member.startsWith("S"));
    const fromGroups = await Promise.all(groups.map((group) => directory.groupMembers(group)));
    // A role must not vanish for its named members because PagerDuty does not answer.
    const onCall = await onCallIds(role.onCall).catch(() => new Set<string>());
    return new Set([...role.members, ...fromGroups.flat(), ...onCall]);
  }

  async function roles(actor: Actor): Promise<ReadonlySet<string>> {
    const key = actorKey(actor);
    const held = await Promise.all(
      Object.entries(access.roles).map(async ([name, role]) => {
        const members = await membersOf(role);
        return members.has(key) || (members.has("*") && isInWorkspace(actor)) ? name : null;
      }),
    );
    return new Set(held.filter((name) => name !== null));
  }

  async function allows(actor: Actor, permission: Permission, scope: Scope): Promise<boolean> {
    return authorize(access.rules, await roles(actor), permission, scope).allowed;
  }

  function rolesThatMay(permission: Permission, scope: Scope): string[] {
    return Object.keys(access.roles).filter(
      (role) => authorize(access.rules, new Set([role]), permission, scope).allowed,
    );
  }

  return {
    roles,
    allows,
    async demand(actor, permission, scope) {
      if (await allows(actor, permission, scope)) return;
      const about =
        scope.app === undefined
          ? ""
          : ` for ${scope.app}${scope.environment === undefined ? "" : ` in ${scope.environment}`}`;
      const able = rolesThatMay(permission, scope);
      throw new UserError(`You may not ${permissions[permission]}${about}.`, {
        why: `It needs the permission ${permission}${able.length > 0 ? `, which these roles have: ${able.join(", ")}` : ", which no role has"}.`,
        next:
          able.length > 0
            ? "Ask somebody who has one of these roles, or to be added to one."
            : "Ask whoever keeps crai.yaml to grant it to a role.",
      });
    },
    async isOnCall(actor, app) {
      if (actor.kind !== "person") return { is: "no" };
      try {
        const onCall = await onCallIds(app.onCall);
        return onCall.has(actor.id) ? { is: "yes", asOf: null } : { is: "no" };
      } catch (error) {
        return { is: "unknown", why: error instanceof Error ? error.message : String(error) };
      }
    },
    async approvers(scope) {
      const able = rolesThatMay("plan:approve", scope).flatMap((name) => access.roles[name] ?? []);
      const members = await Promise.all(able.map(membersOf));
      return [...new Set(members.flatMap((set) => [...set]))].filter((id) => /^[UW]/.test(id)).sort();
    },
  };
}
