import { performance } from "node:perf_hooks";
import type { webApi } from "@slack/bolt";
import type { Logger } from "pino";
import { UserError } from "../../domain/errors.ts";
import type { Directory } from "../../engine/ports.ts";
import { failureOf, failureText, refusalCode } from "./failure.ts";

/** ms. People change groups seldom, and rights should follow soon. */
const fresh = 60_000;

interface Kept {
  value: unknown;
  at: number;
}

export interface SlackDirectory extends Directory {
  /** A display name that was asked for before, without asking Slack. */
  knownName(user: string): string | undefined;
}

/**
 * Who people are, asked of Slack at most once a minute. While Slack does not answer, what it said last holds; what it
 * never said is a refusal that says so.
 */
export function createDirectory(
  client: webApi.WebClient,
  log: Logger,
  clock: () => number = () => performance.now(),
): SlackDirectory {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<unknown>>();

  async function ask<T>(key: string, what: string, question: () => Promise<T>): Promise<T> {
    const known = kept.get(key) as { value: T; at: number } | undefined;
    if (known !== undefined && clock() - known.at < fresh) return known.value;
    const running = asking.get(key) as Promise<T> | undefined;
    const answer = running ?? question().finally(() => asking.delete(key));
    asking.set(key, answer);
    try {
      const value = await answer;
      kept.set(key, { value, at: clock() });
      return value;
    } catch (cause) {
      const failure = failureOf(cause);
      if (failure === undefined) throw cause;
      const why = failureText(failure);
      if (known === undefined)
        throw new UserError(`Slack was asked for ${what} and did not say`, {
          why,
          next: "Try again in a moment; `doctor` shows how crai is connected.",
          cause,
        });
      log.warn({ what, why, ageMs: Math.round(clock() - known.at) }, "what Slack said earlier is used");
      return known.value;
    }
  }

  interface Profile {
    name: string;
    email: string | null;
  }

  async function profile(user: string): Promise<Profile> {
    return ask(`user:${user}`, `user ${user}`, async () => {
      try {
        const { user: found } = await client.users.info({ user });
        const name =
          found?.profile?.display_name ||
          found?.profile?.real_name ||
          found?.real_name ||
          found?.name ||
          user;
        return { name, email: found?.profile?.email ?? null };
      } catch (error) {
        if (refusalCode(error) === "user_not_found") return { name: user, email: null };
        throw error;
      }
    });
  }

  return {
    displayName: async (user) => (await profile(user)).name,
    email: async (user) => (await profile(user)).email,
    userByEmail: async (email) =>
      ask(`email:${email.toLowerCase()}`, `the person with the address ${email}`, async () => {
        try {
          return (await client.users.lookupByEmail({ email })).user?.id ?? null;
        } catch (error) {
          if (refusalCode(error) === "users_not_found") return null;
          throw error;
        }
      }),
    // Rights hang on it, so what was said earlier counts by rules of its own (engine/roster.ts).
    async groupMembers(group) {
      try {
        return (await client.usergroups.users.list({ usergroup: group })).users ?? [];
      } catch (cause) {
        const failure = failureOf(cause);
        if (failure === undefined) throw cause;
        if (failure.kind === "refused" && failure.code === "no_such_subteam") return null;
        throw new Error(failureText(failure), { cause });
      }
    },
    knownName: (user) => (kept.get(`user:${user}`)?.value as Profile | undefined)?.name,
  };
}
