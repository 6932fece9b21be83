import { type OccurrenceState, occurrenceState } from "../../domain/occurrence.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Database } from "../../store/database.ts";
import { openDeadlines } from "../../store/deadlines.ts";
import { latestOccurrences, listOccurrences, type Occurrence } from "../../store/occurrences.ts";
import { stepsOf } from "../../store/runs.ts";
import { answersOf } from "../../store/step-answers.ts";
import type { OpenItem } from "../playbooks/action.ts";
import type { Actions, LoadedPlaybook, Playbooks } from "../playbooks/loaded.ts";
import { openItems } from "./open-items.ts";
import { NEXT } from "./schedules.ts";

export interface HistoryOptions {
  db: Database;
  actions: Actions;
  playbooks: () => Playbooks;
  now: Clock;
}

export type Known = Occurrence & { state: OccurrenceState };

/** A playbook that starts by itself: when next, and what became of it last. */
export interface Upcoming {
  playbook: LoadedPlaybook;
  next: Date | null;
  last: Known | null;
}

export interface ScheduleHistory {
  upcoming(): Promise<Upcoming[]>;
  /** Newest first. */
  since(date: Date): Promise<Known[]>;
  /** What of it nobody has done, or was found not to be so. */
  left(one: Occurrence): Promise<OpenItem[]>;
}

export function createScheduleHistory({ db, actions, playbooks, now }: HistoryOptions): ScheduleHistory {
  const known = (one: Occurrence): Known => ({ ...one, state: occurrenceState(one, now()) });

  /** Items that somebody said not to be so, and those that were open when time ran out. */
  async function undone(run: number): Promise<OpenItem[]> {
    const steps = (await stepsOf(db, run)).filter(
      ({ outcome }) => outcome !== null && outcome !== "succeeded",
    );
    const found = await Promise.all(
      steps.map(async ({ step, document: { action, state } }): Promise<OpenItem[]> => {
        const people = actions.get(action)?.people;
        const answers = await answersOf(db, run, step);
        const not = answers.filter(({ value }) => value === false);
        return [
          ...(people?.open?.(state, answers) ?? []),
          ...not.map(({ item }) => ({
            text: `${people?.itemText(state, item) ?? item}: not so`,
            owner: null,
          })),
        ];
      }),
    );
    return found.flat();
  }

  return {
    async upcoming() {
      const open = new Map(
        (await openDeadlines(db, NEXT)).map((row) => [row.subject["playbook"], row.due_at]),
      );
      const last = new Map((await latestOccurrences(db)).map((one) => [one.playbook, known(one)]));
      return [...playbooks().values()]
        .filter(({ schedule }) => schedule !== undefined)
        .map((playbook) => {
          const { name } = playbook.metadata;
          return { playbook, next: open.get(name) ?? null, last: last.get(name) ?? null };
        });
    },
    async since(date) {
      return (await listOccurrences(db, { since: date })).map(known);
    },
    async left(one) {
      if (one.run === null) return [];
      return one.finished_at === null ? openItems(db, actions, { number: one.run }) : undone(one.run);
    },
  };
}
