import { digest } from "../../domain/hash.ts";
import type { Deadline } from "../../store/deadlines.ts";
import type { Row } from "../../store/tables.ts";

/** What came to nothing, so that the fix it was is offered once more: `after` names the run or the plan. */
export interface Again {
  playbook: string;
  after: string;
}

/**
 * When the fix that fits what fires is worked out: at once, and once an episode for all alerts of one name; once more
 * after each time that taking it up has come to nothing.
 */
export function offerDeadlines({
  incident,
  episode,
  fired,
  at,
  again,
}: {
  incident: number;
  episode: number;
  fired: readonly Row<"alert">[];
  at: Date;
  again?: Again;
}): Deadline[] {
  const byTitle = new Map(fired.map(({ title, id }) => [title, id]));
  return [...byTitle].map(([title, alert]) => ({
    key: `incident:${incident}:offer:${episode}:${digest(title).slice(0, 16)}${again === undefined ? "" : `:${again.after}`}`,
    kind: "incident.offer",
    subject: { incident, alert, ...again },
    dueAt: at,
  }));
}
