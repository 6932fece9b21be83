import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import type { Database, Queries } from "../../store/database.ts";
import { endDeadline, moveDeadline, openDeadlines, setOnce } from "../../store/deadlines.ts";
import {
  insertOccurrence,
  occurrenceOf,
  type OccurrenceKey,
  settleOccurrence,
} from "../../store/occurrences.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Row } from "../../store/tables.ts";
import type { Actions, LoadedPlaybook, Playbooks } from "../playbooks/loaded.ts";
import type { Planner } from "../plans/planner.ts";
import type { StartAlone } from "../plans/start-alone.ts";
import type { DeadlineHandlers } from "../ticker.ts";
import { momentAt, momentsBetween, nextMoment } from "./calendar.ts";
import { createTellings } from "./tellings.ts";

export interface SchedulesOptions {
  db: Database;
  config: Pick<Config, "timeZone" | "holidays" | "teams" | "slack">;
  playbooks: () => Playbooks;
  actions: Actions;
  planner: Pick<Planner, "make">;
  startAlone: StartAlone;
  wakeOutbox: () => void;
  log: Logger;
  now: Clock;
}

type Scheduled = LoadedPlaybook & { schedule: NonNullable<LoadedPlaybook["schedule"]> };

export interface Schedules {
  /** Sets when each playbook starts next. Called at each start and when the playbooks were read again. */
  set(): Promise<void>;
  /** For the ticker. */
  handlers: DeadlineHandlers;
}

/** Kind of the deadlines that say when a playbook starts next. */
export const NEXT = "schedule.due";
/** ms until a cluster that did not answer is asked again. */
const AGAIN_AFTER = 60_000;

function deadlineOf(playbook: string): string {
  return `schedule:${playbook}`;
}

function keyOf({ playbook, day }: OccurrenceKey): string {
  return `schedule:${playbook}:${day}`;
}

function occurrence({ playbook, day }: Row<"deadline">["subject"]): OccurrenceKey {
  return { playbook: String(playbook), day: String(day) };
}

function isScheduled(playbook: LoadedPlaybook | undefined): playbook is Scheduled {
  return playbook?.schedule !== undefined;
}

/**
 * Playbooks that start by themselves at a time. Each time is a row before anything is begun, one for a day at most; what
 * fell due while crai was down is begun once, the newest of it, and the others are kept as missed.
 */
export function createSchedules(options: SchedulesOptions): Schedules {
  const { db, config, playbooks, planner, startAlone, wakeOutbox, log, now } = options;
  const tellings = createTellings(options);

  async function setNext(playbook: Scheduled): Promise<void> {
    const { name } = playbook.metadata;
    const { at: dueAt } = nextMoment(now(), playbook.schedule.every, config);
    await moveDeadline(db, { key: deadlineOf(name), kind: NEXT, subject: { playbook: name }, dueAt });
  }

  /** The row comes first: what is begun from here on is begun once. */
  async function record(
    trx: Queries,
    { metadata: { name }, schedule }: Scheduled,
    moments: readonly { day: string; at: Date }[],
  ): Promise<void> {
    for (const { day, at } of moments) {
      const missed = at !== moments.at(-1)?.at;
      const overdueAt = addMilliseconds(missed ? at : now(), schedule.due);
      const one = { playbook: name, day };
      if (!(await insertOccurrence(trx, { ...one, dueAt: at, overdueAt, missed })) || missed) continue;
      await setOnce(trx, { key: `${keyOf(one)}:begin`, kind: "schedule.begin", subject: one, dueAt: now() });
    }
  }

  async function planAndStart(
    { metadata: { name, owner }, schedule, permission }: Scheduled,
    one: OccurrenceKey,
  ): Promise<StoredPlan> {
    const stored = await planner.make({
      playbook: name,
      app: null,
      environment: null,
      inputs: {},
      actor: { kind: "schedule", name: schedule.as ?? name },
      incident: null,
      reason: `due on ${one.day}`,
      channel: tellings.channelOf(owner) ?? null,
      key: keyOf(one),
    });
    // A crash may have come between its start and the row that says so.
    if (stored.status === "waiting") await startAlone(stored, { permission, on_alert: undefined });
    return stored;
  }

  async function setReminders(trx: Queries, one: Row<"occurrence">): Promise<void> {
    const left = one.overdue_at.getTime() - now().getTime();
    const { playbook, day } = one;
    const dates = { remind: addMilliseconds(now(), left / 2), escalate: one.overdue_at };
    for (const [what, dueAt] of Object.entries(dates))
      await setOnce(trx, {
        key: `${keyOf(one)}:${what}`,
        kind: `schedule.${what}`,
        subject: { playbook, day },
        dueAt,
      });
  }

  async function giveUp(one: Row<"occurrence">, playbook: LoadedPlaybook | undefined, trouble: string) {
    await db.transaction().execute(async (trx) => {
      await settleOccurrence(trx, one, { trouble });
      await tellings.broken(trx, one, { playbook, trouble });
    });
    wakeOutbox();
  }

  /** A playbook's time has come, perhaps while crai was down: returns when it comes next. */
  async function fallDue(name: string): Promise<Date | undefined> {
    const playbook = playbooks().get(name);
    const key = deadlineOf(name);
    const row = (await openDeadlines(db, NEXT)).find((one) => one.key === key);
    if (!isScheduled(playbook) || row === undefined) return undefined;
    const { every } = playbook.schedule;
    const first = momentAt(row.due_at, every, config);
    const moments = [first, ...momentsBetween(first.at, now(), every, config)];
    await db.transaction().execute((trx) => record(trx, playbook, moments));
    return nextMoment(now(), every, config).at;
  }

  /** Plans and starts it; returns when to try again where the cluster gave no answer. */
  async function begin(key: OccurrenceKey): Promise<Date | undefined> {
    const one = await occurrenceOf(db, key);
    if (one === undefined || one.plan !== null || one.trouble !== null) return undefined;
    const playbook = playbooks().get(key.playbook);
    if (!isScheduled(playbook)) {
      await giveUp(one, playbook, "No playbook of this name starts by itself any more.");
      return undefined;
    }
    try {
      const { number, plan } = await planAndStart(playbook, key);
      await db.transaction().execute(async (trx) => {
        await settleOccurrence(trx, key, { plan: number });
        await setReminders(trx, one);
        await tellings.late(trx, one, { title: plan.title, owner: playbook.metadata.owner });
      });
      wakeOutbox();
    } catch (err) {
      if (isError(err, "ClusterUnreachable") && now() < one.overdue_at) {
        log.info({ err, playbook: key.playbook }, "not begun yet");
        return addMilliseconds(now(), AGAIN_AFTER);
      }
      if (!isUserError(err) && !isError(err, "ClusterUnreachable")) throw err;
      await giveUp(one, playbook, isUserError(err) ? `${err.message} ${err.why}` : err.message);
    }
    return undefined;
  }

  return {
    async set() {
      const open = new Map((await openDeadlines(db, NEXT)).map((row) => [row.key, row]));
      for (const playbook of playbooks().values()) {
        if (!isScheduled(playbook)) continue;
        const key = deadlineOf(playbook.metadata.name);
        const known = open.get(key);
        open.delete(key);
        // What fell due while crai was down stays due.
        if (known === undefined || known.due_at > now()) await setNext(playbook);
      }
      for (const key of open.keys()) await endDeadline(db, key, now());
    },

    handlers: {
      "schedule.due": ({ playbook }) => fallDue(String(playbook)),
      "schedule.begin": (subject) => begin(occurrence(subject)),
      "schedule.remind": async (subject) => {
        const one = await occurrenceOf(db, occurrence(subject));
        if (one !== undefined && now() < one.overdue_at) await tellings.reminder(one);
        return undefined;
      },
      "schedule.escalate": async (subject) => {
        const one = await occurrenceOf(db, occurrence(subject));
        if (one !== undefined) await tellings.overdue(one);
        return undefined;
      },
    },
  };
}
