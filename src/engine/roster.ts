import { parseISO } from "date-fns/parseISO";
import type { Logger } from "pino";
import type { Clock } from "../domain/clock.ts";
import type { Config } from "../domain/config.ts";
import type { Database } from "../store/database.ts";
import { keepMembers, lastMembers } from "../store/members.ts";
import type { Row } from "../store/tables.ts";
import type { Directory, OnCallPerson, Pager } from "./ports.ts";
import { NoAnswer, within } from "./within.ts";

/** ms for which an answer is taken as current, and for which a source that gave none is not asked again. */
const FRESH = 30_000;
/** ms that Slack or PagerDuty have for one answer: nobody's command waits longer for them. */
const DEADLINE = 2500;
/** ms for which the last word of a source that is silent still counts (docs/deploy.md says so too). */
const COUNTS_FOR = { group: 24 * 3_600_000, schedule: 3_600_000 } as const;

type Kind = keyof typeof COUNTS_FOR;
type Listed = Row<"member_list">["people"][number];

export interface Member {
  /** null: no Slack user has this person's address. */
  slack: string | null;
  name: string;
  /** The end of the shift, where there is one. */
  until: Date | null;
}

/** Who is in a group or on call, as far as it is known. */
export interface Roll {
  members: Member[];
  /** When it was told, if the source does not answer now; null: it says so now. */
  asOf: Date | null;
  /** Why somebody may be missing from it; null: it is complete. */
  missing: Missing | null;
}

interface Missing {
  /** A sentence without its period. */
  why: string;
  /** Asking again later may help. */
  passing: boolean;
}

/** Groups and schedules by their IDs. Never rejects for a source that does not answer. */
export interface Roster {
  group(id: string): Promise<Roll>;
  schedule(id: string): Promise<Roll>;
  /** Asks for these, so that the last word is never older than the time between two calls. */
  refresh(ids: ReturnType<typeof rosterOf>): Promise<void>;
}

/** The groups and schedules that crai.yaml gives roles and shifts to. */
export function rosterOf({
  access,
  apps,
  confidential,
  contacts,
  escalation,
}: Pick<Config, "access" | "apps" | "confidential" | "contacts" | "escalation">): {
  groups: string[];
  schedules: string[];
} {
  const roles = Object.values(access.roles);
  const reached = Object.values(contacts);
  const members = [
    ...roles.flatMap((role) => role.members),
    ...confidential.members,
    ...reached.flatMap(({ slack }) => slack ?? []),
  ];
  const schedules = [
    ...[...roles, ...Object.values(apps)].flatMap(({ onCall }) => onCall),
    ...[...reached, ...escalation].flatMap(({ schedule }) => schedule ?? []).filter((id) => id !== "app"),
  ];
  return {
    groups: [...new Set(members.filter((id) => id.startsWith("S")))],
    schedules: [...new Set(schedules)],
  };
}

export interface RosterOptions {
  db: Database;
  directory: Pick<Directory, "groupMembers" | "userByEmail">;
  /** null: there is no token for PagerDuty here. */
  pager: Pick<Pager, "onCall"> | null;
  /** Whether what is told here is kept for when it is not; a terminal only reads what `serve` has kept. */
  keeps: boolean;
  /** Somebody may want to know that not everything could be asked. */
  warn: (text: string) => void;
  now: Clock;
}

const systems = { group: "Slack", schedule: "PagerDuty" } as const;
type System = (typeof systems)[Kind];

interface Answer {
  listed: Listed[];
  asOf: Date | null;
  missing: Missing | null;
}

/** Until when an answer holds: no shift is taken as running beyond its end. */
function validUntil({ listed, asOf }: Answer, at: number): number {
  if (asOf !== null) return at + FRESH;
  const ends = listed.flatMap(({ until }) => (until === null ? [] : [parseISO(until).getTime()]));
  // A shift that has ended already by our clock must not have PagerDuty asked with each command.
  return Math.max(Math.min(at + FRESH, ...ends), at + 1000);
}

/**
 * Each source is asked at most once in 30 s, for at most 2.5 s. While it is silent, what it said last counts for a
 * limited time, and a shift never beyond its end: an outage takes rights away late, and gives nobody one.
 */
export function createRoster({ db, directory, pager, keeps, warn, now }: RosterOptions): Roster {
  const told = new Map<string, { until: number; answer: Promise<Answer> }>();
  /** A system that hung is not asked for anything else either until then. */
  const silent = new Map<System, { until: number; why: string }>();

  async function ask<Value>(system: System, question: () => Promise<Value>): Promise<Value> {
    const hung = silent.get(system);
    if (hung !== undefined && hung.until > now().getTime()) throw new Error(hung.why);
    try {
      return await within(DEADLINE, system, question());
    } catch (error) {
      if (error instanceof NoAnswer)
        silent.set(system, { until: now().getTime() + FRESH, why: error.message });
      throw error;
    }
  }

  /** Whose address it is; where Slack does not say, whose it was; undefined: not known. */
  async function owner(email: string, before: readonly Listed[]): Promise<string | null | undefined> {
    try {
      return await ask("Slack", () => directory.userByEmail(email));
    } catch {
      return before.find((one) => one.email === email)?.slack ?? undefined;
    }
  }

  async function readGroup(id: string): Promise<Answer | null> {
    const users = await ask("Slack", () => directory.groupMembers(id));
    const listed = users?.map((slack) => ({ slack, name: slack, email: null, until: null }));
    return listed === undefined ? null : { listed, asOf: null, missing: null };
  }

  async function readSchedule(id: string): Promise<Answer | null> {
    if (pager === null) throw new Error("PAGERDUTY_TOKEN is not set here");
    const people = await ask("PagerDuty", () => pager.onCall(id));
    if (people === null) return null;
    const before = (await lastMembers(db, `schedule:${id}`))?.people ?? [];
    let missing: Missing | null = null;
    const listed = await Promise.all(
      people.map(async ({ name, email, until }: OnCallPerson): Promise<Listed> => {
        const slack = email === null ? null : await owner(email, before);
        if (slack === undefined)
          missing = { why: `Slack does not say whose address ${email} is`, passing: true };
        return { slack: slack ?? null, name, email, until: until?.toISOString() ?? null };
      }),
    );
    return { listed, asOf: null, missing };
  }

  async function lastWord(kind: Kind, id: string, missing: Missing): Promise<Answer> {
    const before = await lastMembers(db, `${kind}:${id}`);
    const counts = before !== undefined && now().getTime() - before.told_at.getTime() <= COUNTS_FOR[kind];
    const answer = counts
      ? { listed: before.people, asOf: before.told_at, missing }
      : { listed: [], asOf: null, missing };
    const instead = counts ? `what it said at ${before.told_at.toISOString()} counts` : "nobody counts by it";
    warn(`${missing.why}; ${instead}`);
    return answer;
  }

  async function read(kind: Kind, id: string): Promise<Answer> {
    try {
      const answer = kind === "group" ? await readGroup(id) : await readSchedule(id);
      const found = answer ?? { listed: [], asOf: null, missing: none(kind, id) };
      if (keeps) await keepMembers(db, `${kind}:${id}`, found.listed, now());
      return found;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return lastWord(kind, id, {
        why: `${systems[kind]} does not say who is ${places[kind]} ${id} (${why})`,
        passing: kind === "group" || pager !== null,
      });
    }
  }

  async function answerOf(kind: Kind, id: string): Promise<Answer> {
    const key = `${kind}:${id}`;
    const at = now().getTime();
    const before = told.get(key);
    if (before !== undefined && at < before.until) return before.answer;
    const entry = { until: at + FRESH, answer: read(kind, id) };
    told.set(key, entry);
    try {
      const answer = await entry.answer;
      entry.until = validUntil(answer, at);
      return answer;
    } catch (error) {
      told.delete(key);
      throw error;
    }
  }

  async function roll(kind: Kind, id: string): Promise<Roll> {
    const { listed, asOf, missing } = await answerOf(kind, id);
    const members = listed
      .map(({ slack, name, until }) => ({ slack, name, until: until === null ? null : parseISO(until) }))
      .filter(({ until }) => until === null || until > now());
    // Somebody has the shift after one that has ended, and it is not known who.
    const over = { why: `A shift of ${id} has just ended`, passing: true };
    return { members, asOf, missing: missing ?? (members.length < listed.length ? over : null) };
  }

  return {
    group: (id) => roll("group", id),
    schedule: (id) => roll("schedule", id),
    async refresh({ groups, schedules }) {
      const asked = [
        ...groups.map((id) => roll("group", id)),
        ...schedules.map((id) => roll("schedule", id)),
      ];
      await Promise.all(asked);
    },
  };
}

/** ms between two questions about everything: what is known when Slack or PagerDuty fails is never older. */
const KEEP_EVERY = 300_000;

export function keepRoster(
  roster: Pick<Roster, "refresh">,
  config: Parameters<typeof rosterOf>[0],
  log: Logger,
): { stop(): Promise<void> } {
  const ask = (): void =>
    void roster
      .refresh(rosterOf(config))
      .catch((err: unknown) => log.error({ err }, "groups and schedules not kept"));
  const timer = setInterval(ask, KEEP_EVERY);
  ask();
  return { stop: () => Promise.resolve(clearInterval(timer)) };
}

const places = { group: "in group", schedule: "on call in schedule" } as const;

function none(kind: Kind, id: string): Missing {
  return { why: `${systems[kind]} has no ${kind} ${id}, which crai.yaml names`, passing: false };
}
