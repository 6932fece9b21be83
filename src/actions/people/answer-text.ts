import { actorName } from "../../domain/actor.ts";
import type { StepAnswer } from "../../domain/run.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { Inline } from "../../domain/view.ts";
import { actorInline } from "../../engine/people.ts";

function said(value: StepAnswer["value"]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value === null ? "nothing" : String(value);
}

/** `Robin: v1.2.0 (because …), 12:00` */
export function answerInline({ actor, value, note, at }: StepAnswer): Inline[] {
  return [
    actorInline(actor),
    `: ${said(value)}${note === null ? "" : ` (${note})`}, `,
    { time: at, as: "clock" },
  ];
}

/** What an outcome rests on: who said what, and when. */
export function answerEvidence(
  { actor, value, note, at }: StepAnswer,
  { what, ok }: { what: string; ok: boolean | null },
): Evidence {
  const when = at.toISOString().slice(0, 16).replace("T", " ");
  return {
    what: `${what}: ${said(value)}, ${actorName(actor)} at ${when} UTC${note === null ? "" : ` (${note})`}`,
    ok,
  };
}
