import { formatDuration } from "../../domain/deadline.ts";
import { fits, type Facts, type Rule } from "./rule.ts";
import { counted } from "./texts.ts";

function databaseErrors({ seen }: Facts): string[] {
  return (seen.logs?.groups ?? [])
    .filter(({ example }) =>
      /\b(postgres|psycopg|sqlalchemy|QueuePool|connection pool|too many (clients|connections)|database)\b/i.test(
        example,
      ),
    )
    .map(({ count, example }) => `×${count} ${example}`);
}

/** What the app's database and other apps explain. */
export const dependencyRules: readonly Rule[] = [
  {
    id: "database-away",
    fits: fits(1, 0.7, 0.3, 0.4),
    match({ seen }) {
      const { database } = seen;
      if (database === undefined || database.ready > 0) return null;
      return {
        what: `The database ${database.app} cannot be reached`,
        evidence: [`${database.service} has no address that answers`],
        weight: 1,
        resolutions: [
          { do: "restart-other", app: database.app },
          { do: "history-other", app: database.app },
        ],
      };
    },
  },
  {
    id: "connections-used-up",
    fits: fits(0.85, 0.9, 0.1, 0.7),
    match(facts) {
      const { sessions } = facts.seen;
      if (sessions === undefined || sessions.used < sessions.most * 0.8) return null;
      return {
        what: "The database's connections are nearly used up",
        evidence: [
          `${sessions.used} of ${sessions.most} connections, ${sessions.idleInTransaction} idle in a transaction`,
          ...databaseErrors(facts).slice(0, 1),
        ],
        weight: Math.min(1, sessions.used / sessions.most),
        resolutions: [{ do: "end-connections" }, { do: "restart" }],
      };
    },
  },
  {
    id: "slow-database",
    fits: fits(0.5, 0.9, 0.1, 0.5),
    match({ seen: { sessions } }) {
      if (sessions === undefined || (sessions.waiting === 0 && sessions.longestSeconds < 60)) return null;
      return {
        what: "The database holds requests up",
        evidence: [
          ...(sessions.waiting > 0 ? [`${counted(sessions.waiting, "connection")} wait for a lock`] : []),
          ...(sessions.longestSeconds >= 60
            ? [`A transaction is open for ${formatDuration(sessions.longestSeconds * 1000)}`]
            : []),
        ],
        weight: sessions.waiting > 0 ? 1 : 0.7,
        resolutions: [{ do: "end-connections" }, { do: "slow-queries" }],
      };
    },
  },
  {
    id: "database-errors",
    fits: fits(0.8, 0.75, 0.1, 0.4),
    match(facts) {
      const told = databaseErrors(facts);
      if (told.length === 0) return null;
      const { database } = facts.seen;
      return {
        what: "The app has trouble with its database",
        evidence: [
          ...told.slice(0, 2),
          ...(database !== undefined && database.ready > 0 ? [`${database.service} itself answers`] : []),
        ],
        weight: 0.95,
        resolutions: [
          { do: "restart" },
          { do: "check-config" },
          ...(database === undefined ? [] : [{ do: "history-other", app: database.app } as const]),
        ],
      };
    },
  },
  {
    id: "other-app-down",
    fits: fits(0.6, 0.5, 0.3, 0.4),
    match({ seen }) {
      const others = (seen.pods?.troubled ?? []).filter(({ own, ready }) => !own && !ready);
      if (others.length === 0) return null;
      const names = [...new Set(others.map(({ owner }) => owner))];
      return {
        what: `Pods of ${names.slice(0, 3).join(", ")} are not ready`,
        evidence: others
          .slice(0, 3)
          .map(
            ({ pod, reason, restarts }) =>
              `${pod}: ${reason ?? "not ready"}, ${counted(restarts, "restart")}`,
          ),
        weight: 0.8,
        resolutions: [],
      };
    },
  },
  {
    id: "slow-endpoint",
    fits: fits(0.2, 0.7, 0.2, 0.3),
    match({ seen }) {
      const [slowest, ...rest] = seen.endpoints?.endpoints ?? [];
      const typical = rest.at(Math.floor(rest.length / 2));
      if (slowest === undefined || typical === undefined || slowest.seconds < typical.seconds * 3)
        return null;
      return {
        what: `${slowest.endpoint} is much slower than the rest`,
        evidence: [slowest, typical].map(
          ({ endpoint, seconds }) => `${endpoint}: P95 ${Math.round(seconds * 1000)} ms`,
        ),
        weight: 1,
        resolutions: [{ do: "slow-queries" }],
      };
    },
  },
];
