import type { Identity } from "../domain/actor.ts";
import { isSlackUser } from "../engine/people.ts";
import type { Directory } from "../engine/ports.ts";

export interface CliDirectoryOptions {
  identities: Readonly<Record<string, Identity>>;
  /** null: no token for Slack is set. */
  slack: Directory | null;
  /** Tells the person what could not be found out. */
  warn: (text: string) => void;
}

/**
 * Who people are when Slack may be away. Kubernetes users are often e-mail addresses, and crai.yaml says whose they
 * are; a group whose members Slack does not tell gives nobody a role.
 */
export function createCliDirectory({ identities, slack, warn }: CliDirectoryOptions): Directory {
  const byUser = new Map(
    Object.entries(identities)
      .filter(([key]) => isSlackUser(key))
      .map(([key, { user }]) => [user.toLowerCase(), key]),
  );
  const warned = new Set<string>();

  function orElse<Value>(otherwise: Value, what: string): (error: unknown) => Value {
    return (error) => {
      if (!warned.has(what)) warn(`${what} (${error instanceof Error ? error.message : String(error)})`);
      warned.add(what);
      return otherwise;
    };
  }

  return {
    displayName: async (user) => {
      const known = identities[user]?.user ?? user;
      return slack === null || !isSlackUser(user) ? known : slack.displayName(user).catch(() => known);
    },
    email: async (user) => {
      const known = identities[user]?.user;
      if (known?.includes("@")) return known;
      return slack === null ? null : slack.email(user).catch(() => null);
    },
    userByEmail: async (email) =>
      byUser.get(email.toLowerCase()) ??
      (slack === null
        ? null
        : slack.userByEmail(email).catch(orElse(null, "Slack does not say whose some addresses are"))),
    groupMembers: async (group) => {
      const what = `Slack does not say who is in ${group}: roles by that group do not count`;
      if (slack === null) return orElse([], what)("SLACK_BOT_TOKEN is not set");
      return slack.groupMembers(group).catch(orElse([], what));
    },
  };
}
