import type { Outcome } from "./run.ts";

/** One time that a playbook was to start by itself, and what its run came to. */
export interface Happened {
  missed: boolean;
  trouble: string | null;
  run: number | null;
  outcome: Outcome | null;
  overdue_at: Date;
  finished_at: Date | null;
}

/** What can become of it, and whether it slipped: what a team must not find out by chance. */
export const occurrenceStates = {
  due: { text: "about to begin", slipped: false },
  open: { text: "open", slipped: false },
  overdue: { text: "overdue", slipped: true },
  done: { text: "done", slipped: false },
  late: { text: "done late", slipped: true },
  undone: { text: "not all done", slipped: true },
  missed: { text: "missed: crai was down", slipped: true },
  broken: { text: "could not begin", slipped: true },
} as const;
export type OccurrenceState = keyof typeof occurrenceStates;

export function occurrenceState(one: Happened, now: Date): OccurrenceState {
  if (one.missed) return "missed";
  if (one.trouble !== null) return "broken";
  if (one.run === null) return "due";
  if (one.finished_at === null) return now < one.overdue_at ? "open" : "overdue";
  if (one.outcome !== "succeeded") return "undone";
  return one.finished_at <= one.overdue_at ? "done" : "late";
}
