import type { Actor } from "../../domain/actor.ts";
import type { FactOf, TimelineEntry } from "../../domain/timeline.ts";
import type { Queries } from "../../store/database.ts";
import { entriesOfKinds } from "../../store/timeline.ts";

/** One call to somebody for an incident, with what became of it, as the timeline has it. */
export interface Call extends Omit<FactOf<"escalation.called">, "kind"> {
  at: Date;
  actor: Actor;
  /** What PagerDuty said to the page; null: nothing yet. */
  paged: { why: string | null } | null;
  answered: { by: string; how: FactOf<"escalation.answered">["how"]; at: Date } | null;
  /** When it was given up waiting for, and who is next. */
  unanswered: { at: Date; next: string | null } | null;
}

const kinds = [
  "escalation.called",
  "escalation.paged",
  "escalation.answered",
  "escalation.unanswered",
] as const;

function take(calls: Map<number, Call>, { at, actor, fact }: TimelineEntry): void {
  if (fact.kind === "escalation.called") {
    const { kind: _, ...called } = fact;
    calls.set(fact.call, { ...called, at, actor, paged: null, answered: null, unanswered: null });
    return;
  }
  const call = "call" in fact ? calls.get(fact.call) : undefined;
  if (call === undefined) return;
  if (fact.kind === "escalation.paged") call.paged = { why: fact.why };
  if (fact.kind === "escalation.answered") call.answered ??= { by: fact.by, how: fact.how, at };
  if (fact.kind === "escalation.unanswered") call.unanswered = { at, next: fact.next };
}

/** The calls of one incident, in their order. */
export async function callsOf(db: Queries, incident: number): Promise<Call[]> {
  const calls = new Map<number, Call>();
  for (const entry of await entriesOfKinds(db, `incident:${incident}`, kinds)) take(calls, entry);
  return [...calls.values()];
}
