import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { type Actor, actorName } from "../../domain/actor.ts";
import { formatDuration } from "../../domain/deadline.ts";
import type { IncidentVerb } from "../../domain/incident.ts";
import type { Block, Inline, View } from "../../domain/view.ts";
import type { Row } from "../../store/tables.ts";
import { actorInline } from "../people.ts";

export const said = {
  acknowledge: "acknowledged",
  mitigate: "mitigated",
  resolve: "resolved",
  reopen: "reopened",
} as const;

/** Alerts that one message names; the card counts them all. */
const NAMED = 5;

/** What fires and since when, as lines; several of one name are one. */
export function firingLines(firing: readonly Row<"alert">[], now: Date): Inline[][] {
  const byTitle = [...Map.groupBy(firing, ({ title }) => title)];
  const lines = byTitle.slice(0, NAMED).map(([title, rows]): Inline[] => {
    const { source, starts_at: since } = rows[0]!;
    const count = rows.length > 1 ? ` (${rows.length} times)` : "";
    const lasted = formatDuration(differenceInMilliseconds(now, since));
    return [
      { bold: title },
      `${count} from ${source}, since `,
      { time: since, as: "clock" },
      `, for ${lasted}`,
    ];
  });
  const more = byTitle.length - NAMED;
  return more > 0 ? [...lines, [`and ${more} more`]] : lines;
}

export interface Changed {
  actor: Actor;
  reason: string | null;
  /** PagerDuty said so. */
  heard?: boolean;
  firing: readonly Row<"alert">[];
  now: Date;
}

/** `Robin acknowledged the incident.`; what was heard from PagerDuty names who did it there. */
export function changedView(verb: IncidentVerb, { actor, reason, heard, firing, now }: Changed): View {
  const isFromPager = heard === true && reason !== null;
  const what = ` ${said[verb]} the incident${isFromPager || reason === null ? "." : `: ${reason}`}`;
  const over = verb === "mitigate" || verb === "resolve";
  const still: Block[] =
    over && firing.length > 0
      ? [
          { type: "text", text: "These alerts fire all the same:" },
          { type: "list", items: firingLines(firing, now) },
        ]
      : [];
  return {
    summary: `${isFromPager ? reason : actorName(actor)}${what}`,
    blocks: [{ type: "text", text: [isFromPager ? reason : actorInline(actor), what] }, ...still],
  };
}
