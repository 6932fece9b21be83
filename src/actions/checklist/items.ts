import { actorName } from "../../domain/actor.ts";
import type { StepAnswer } from "../../domain/run.ts";
import { type Finding, Tally, type Ticked } from "../../domain/tally.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { BaseContext } from "../../engine/playbooks/action.ts";
import type { Json } from "../../engine/ports.ts";
import { answerEvidence } from "../people/answer-text.ts";

export type Item = {
  text: string;
  owner: string | null;
  dueMs: number | null;
  /** Where it has one. */
  offer?: string;
  /** What a step before this one found of it. */
  found?: { ok: boolean; text: string };
  check: { action: string; state: Json } | null;
  /** Why its check cannot look, so that people have to. */
  unchecked: string | null;
  /** Those whose tick alone counts. */
  attest: { role: string; people: string[] } | null;
};
export type ChecklistState = { items: Item[]; by: string | null };

export function numberOf(index: number): string {
  return String(index + 1);
}

/** What crai has found so far, by the number of the item. */
export function findingsIn(found: Json | null): Map<string, Finding> {
  const items = Tally.safeParse(found).data?.items ?? [];
  return new Map(
    items.flatMap((item, index) => (item.found === null ? [] : [[numberOf(index), item.found]])),
  );
}

/** What a check finds by itself; null: the item has none that could look. */
export async function lookAt(
  { check, unchecked, found }: Item,
  { probes }: Pick<BaseContext, "probes">,
  since: Date,
): Promise<Finding | null> {
  // What a step before could not see to be so is left to people.
  if (found !== undefined && (found.ok || check === null))
    return { ok: found.ok ? true : null, what: found.text };
  if (check === null) return unchecked === null ? null : { ok: null, what: unchecked };
  const seen = await probes.look(check.action, check.state, since);
  switch (seen.state) {
    case "done":
    case "failed":
      return { ok: seen.state === "done", what: seen.evidence.map(({ what }) => what).join("; ") };
    case "pending":
    case "diverged":
    case "unknown":
      return { ok: null, what: seen.detail };
  }
}

/** What a person said; what crai has ticked itself holds as long as it finds it so. */
export function byPerson(answer: StepAnswer | undefined): StepAnswer | undefined {
  return answer?.actor.kind === "person" ? answer : undefined;
}

/** A tick against what crai finds counts only with a reason, and then as what it is. */
function isOf(found: Finding | null, given: StepAnswer | undefined): Ticked["is"] {
  const answer = byPerson(given);
  if (answer === undefined) {
    if (found === null || found.ok === null) return given === undefined ? "open" : "so";
    return found.ok ? "so" : "not so";
  }
  if (answer.value !== true) return "not so";
  if (found?.ok !== false) return "so";
  return answer.note === null ? "not so" : "overridden";
}

export function tick(item: Item, found: Finding | null, given: StepAnswer | undefined): Ticked {
  const answer = byPerson(given);
  return {
    text: item.text,
    is: isOf(found, given),
    found,
    said:
      answer === undefined
        ? null
        : {
            by: actorName(answer.actor),
            at: answer.at.toISOString(),
            yes: answer.value === true,
            note: answer.note,
          },
  };
}

const okOf = { so: true, "not so": false, overridden: null, open: null } as const;

/** Both are said: who ticked it, and what crai finds. Neither hides the other. */
export function evidenceOf({ text, is, found }: Ticked, given: StepAnswer | undefined): Evidence {
  const answer = byPerson(given);
  if (answer === undefined) return { what: `${text}: ${found?.what ?? "open"}`, ok: okOf[is] };
  const said = answerEvidence(answer, { what: text, ok: okOf[is] });
  if (found === null) return said;
  const against = found.ok !== null && found.ok !== (answer.value === true);
  const how = found.ok === null ? "crai" : against ? "but crai finds" : "crai finds";
  return { ...said, what: `${said.what}; ${how}: ${found.what}` };
}

export function tallyOf(items: Ticked[]): Tally {
  return {
    ticked: items.filter(({ is }) => is !== "open").length,
    failed: items.filter(({ is }) => is === "not so").length,
    items,
  };
}
