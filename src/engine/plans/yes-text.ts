import { type Actor, actorName } from "../../domain/actor.ts";
import type { Inline } from "../../domain/view.ts";
import type { Row } from "../../store/tables.ts";
import { actorInline } from "../people.ts";
import type { Yes } from "./judge-yes.ts";

/** A yes as it was given. */
export interface GivenYes {
  actor: Actor;
  how: Yes;
  reason: string | null;
  at: Date;
}

/** `: reason`, without the full stop that ends the sentence it stands in. */
function because(reason: string | null): string {
  const text = reason?.trim().replace(/\.+$/, "") ?? "";
  return text === "" ? "" : `: ${text}`;
}

/** What follows `Started as R12`: whose yes it was, how and when. */
export function yesText(yeses: readonly GivenYes[]): string {
  const parts = yeses.map(({ actor, how, reason, at }) => {
    const who = actorName(actor);
    const when = `at ${at.toISOString().slice(11, 19)} UTC`;
    return how === "break-glass"
      ? `. ${who} broke the glass ${when}${because(reason)}. To be reviewed`
      : `, ${how} by ${who} ${when}${because(reason)}`;
  });
  return `${parts.join("")}.`;
}

/** The same for a message: people as the surface shows them, times in the reader's own zone. */
export function yesInlines(yeses: readonly GivenYes[]): Inline[] {
  const parts = yeses.flatMap(({ actor, how, reason, at }): Inline[] => {
    const time = { time: at, as: "clock" } as const;
    const who = actorInline(actor);
    return how === "break-glass"
      ? [". ", who, " broke the glass at ", time, `${because(reason)}. To be reviewed`]
      : [`, ${how} by `, who, " at ", time, because(reason)];
  });
  return [...parts, "."];
}

/** `Glass broken by Robin at 12:00: nobody is awake. To be reviewed.` */
export function glassText({ actor, reason, at }: Omit<GivenYes, "how">): Inline[] {
  const time = { time: at, as: "clock" } as const;
  const why = `${because(reason)}. To be reviewed.`;
  return [{ bold: "Glass broken" }, " by ", actorInline(actor), " at ", time, why];
}

/** Those of a plan's answers that were a yes, oldest first. */
export function yesesOf(approvals: readonly Row<"approval">[]): GivenYes[] {
  return approvals.flatMap(({ decision, actor, reason, at }) =>
    decision === "denied" ? [] : [{ actor, how: decision, reason, at }],
  );
}
