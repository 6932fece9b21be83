import type { Evidence, Fact, FactOf, TimelineEntry } from "../../../domain/timeline.ts";
import { actorName } from "../../../domain/actor.ts";
import { endText } from "../entry-text.ts";
import { code, codeBlock, heading, link, plain, table } from "../markdown.ts";
import { endName } from "../../runs/run-view.ts";

export type EntryOf<Kind extends Fact["kind"]> = Omit<TimelineEntry, "fact"> & { fact: FactOf<Kind> };

export function entriesOf<Kind extends Fact["kind"]>(
  entries: readonly TimelineEntry[],
  kind: Kind,
): EntryOf<Kind>[] {
  return entries.filter((entry): entry is EntryOf<Kind> & TimelineEntry => entry.fact.kind === kind);
}

/** Everything the record holds about one plan. */
export interface ActionRecord {
  made: EntryOf<"plan.made">;
  asked: EntryOf<"approval.asked"> | undefined;
  /** Oldest first. */
  yeses: EntryOf<"approval.given">[];
  no: EntryOf<"approval.denied"> | undefined;
  voided: EntryOf<"plan.voided"> | undefined;
  run: number | null;
  steps: EntryOf<"step.finished">[];
  stopAsked: EntryOf<"run.stop-asked"> | undefined;
  ended: EntryOf<"run.finished"> | undefined;
}

type AboutPlan = "approval.asked" | "approval.denied" | "plan.voided";

function firstOf<Kind extends AboutPlan>(
  entries: readonly TimelineEntry[],
  kind: Kind,
  plan: number,
): EntryOf<Kind> | undefined {
  return entriesOf<AboutPlan>(entries, kind).find(({ fact }) => fact.plan === plan) as
    | EntryOf<Kind>
    | undefined;
}

/** One for each plan, in the order they were made. */
export function actionRecords(entries: readonly TimelineEntry[]): ActionRecord[] {
  return entriesOf(entries, "plan.made").map((made): ActionRecord => {
    const { plan } = made.fact;
    const started = entriesOf(entries, "run.started").find(({ fact }) => fact.plan === plan);
    const run = started?.fact.run ?? null;
    return {
      made,
      asked: firstOf(entries, "approval.asked", plan),
      yeses: entriesOf(entries, "approval.given").filter(({ fact }) => fact.plan === plan),
      no: firstOf(entries, "approval.denied", plan),
      voided: firstOf(entries, "plan.voided", plan),
      run,
      steps: entriesOf(entries, "step.finished").filter(({ fact }) => fact.run === run),
      stopAsked: entriesOf(entries, "run.stop-asked").find(({ fact }) => fact.run === run),
      ended: entriesOf(entries, "run.finished").find(({ fact }) => fact.run === run),
    };
  });
}

/** `2026-11-22 14:02:11` */
export function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}

function who({ actor, at }: Pick<TimelineEntry, "actor" | "at">): string {
  return `${plain(actorName(actor))}, ${stamp(at)} UTC`;
}

const yesWords = { confirmed: "confirmed it", approved: "approved it", "break-glass": "**broke the glass**" };

/** Who said yes or no, and how. */
function answerText({ yeses, no, voided }: ActionRecord): string {
  const given = yeses.map(({ actor, at, fact: { how, reason } }) => {
    const why = reason === null ? "" : `: ${plain(reason)}`;
    return `${plain(actorName(actor))} ${yesWords[how]}, ${stamp(at)} UTC${why}`;
  });
  if (given.length > 0 && !no && !voided) return given.join("; ");
  if (no) return `denied by ${who(no)}${no.fact.reason === null ? "" : `: ${plain(no.fact.reason)}`}`;
  if (voided) return `never given: ${plain(voided.fact.why)} (${stamp(voided.at)} UTC)`;
  return "still waited for when this was written";
}

function outcomeText({ run, ended, yeses }: ActionRecord): string {
  if (ended) return plain(endText(ended.fact));
  if (run !== null) return "not ended when this was written";
  return yeses.length > 0 ? "not begun when this was written" : "not carried out";
}

const marks = { true: "✓", false: "✗", null: "?" } as const;

function evidenceText({ ok, what, url }: Evidence): string {
  const source = link("source", url ?? null);
  return `${marks[`${ok}`]} ${plain(what)}${source === undefined ? "" : ` (${source})`}`;
}

function evidenceTable(steps: ActionRecord["steps"]): string {
  const rows = steps.map(({ at, fact }) => [
    plain(fact.title),
    plain(
      [endName(fact.outcome, null).toLowerCase(), ...(fact.detail === null ? [] : [fact.detail])].join(": "),
    ),
    fact.evidence.map(evidenceText).join("; ") || "none recorded",
    at.toISOString().slice(11, 19),
  ]);
  return table([["Step", "Outcome", "Evidence", "Ended (UTC)"], ...rows]);
}

/** A plan that was carried out, or at least agreed to: what it changed, who said yes, what was seen. */
export function actionSection(record: ActionRecord): string {
  const { made, asked, run, steps, stopAsked } = record;
  const { plan, title, targets, facts, diff, kubectl, hash } = made.fact;
  const list = [
    `**Planned by** ${who(made)}`,
    ...(asked ? [`**A second person was asked** ${stamp(asked.at)} UTC`] : []),
    `**Yes:** ${answerText(record)}`,
    ...(stopAsked ? [`**Asked to stop by** ${who(stopAsked)}`] : []),
    `**Outcome:** ${outcomeText(record)}`,
    ...(targets.length === 0 ? [] : [`**Changed:** ${targets.map(code).join(", ")}`]),
    // Not in bold: an address in the label would swallow the closing asterisks.
    ...facts.map(({ label, value }) => `${plain(label)}: ${plain(value)}`),
    `**Plan hash:** ${code(hash)}`,
  ];
  return [
    heading(3, `${run === null ? `P${plan}` : `R${run} (P${plan})`}: ${title}`),
    list.map((item) => `- ${item}`).join("\n"),
    ...(steps.length === 0 ? [] : [evidenceTable(steps)]),
    ...(diff === null ? [] : ["What it changed:", codeBlock(diff, "diff")]),
    ...(kubectl.length === 0 ? [] : ["The same by hand:", codeBlock(kubectl.join("\n"), "sh")]),
  ].join("\n\n");
}

/** A plan that nothing came of, in one line. */
export function unusedLine(record: ActionRecord): string {
  const { made } = record;
  return `- P${made.fact.plan}, ${plain(made.fact.title)}, planned by ${who(made)}. Yes: ${answerText(record)}`;
}
