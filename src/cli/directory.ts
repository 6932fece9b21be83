import type { Identity } from "../domain/actor.ts";
import { UserError } from "../domain/errors.ts";
import { isSlackUser } from "../engine/people.ts";
import type { Directory } from "../engine/ports.ts";

export interface CliDirectoryOptions {
  identities: Readonly<Record<string, Identity>>;
  /** null: no token for Slack is set. */
  slack: Directory | null;
}

/**
 * Who people are when Slack may be away. Kubernetes users are often e-mail addresses, and crai.yaml says whose they
 * are. Of groups whose members Slack does not tell here, what `serve` was told last counts.
 */
export function createCliDirectory({ identities, slack }: CliDirectoryOptions): Directory {
  const byUser = new Map(
    Object.entries(identities)
      .filter(([key]) => isSlackUser(key))
      .map(([key, { user }]) => [user.toLowerCase(), key]),
  );
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
    async userByEmail(email) {
      const known = byUser.get(email.toLowerCase());
      if (known !== undefined) return known;
      if (slack !== null) return slack.userByEmail(email);
      throw new UserError(`It is not known whose address ${email} is.`, {
        why: "SLACK_BOT_TOKEN is not set here, and crai.yaml gives nobody this Kubernetes user.",
        next: "Set it, or name the person by their Slack ID (U…).",
      });
    },
    async groupMembers(group) {
      if (slack === null) throw new Error("SLACK_BOT_TOKEN is not set here");
      return slack.groupMembers(group);
    },
  };
}
