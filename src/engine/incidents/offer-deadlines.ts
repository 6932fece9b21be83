import { digest } from "../../domain/hash.ts";
import type { Deadline } from "../../store/deadlines.ts";
import type { Row } from "../../store/tables.ts";

/** When the fix that fits what fires is worked out: at once, and once an episode for all alerts of one name. */
export function offerDeadlines({
  incident,
  episode,
  fired,
  at,
}: {
  incident: number;
  episode: number;
  fired: readonly Row<"alert">[];
  at: Date;
}): Deadline[] {
  const byTitle = new Map(fired.map(({ title, id }) => [title, id]));
  return [...byTitle].map(([title, alert]) => ({
    key: `incident:${incident}:offer:${episode}:${digest(title).slice(0, 16)}`,
    kind: "incident.offer",
    subject: { incident, alert },
    dueAt: at,
  }));
}
