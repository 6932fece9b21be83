import { actorName } from "../../../domain/actor.ts";
import type { TimelineEntry } from "../../../domain/timeline.ts";
import { entryText, subjectName } from "../entry-text.ts";
import { heading, link, plain, quote } from "../markdown.ts";
import { type EntryOf, entriesOf, stamp } from "./actions.ts";

/** That a step began is told by how it ended; until then it is told. */
export function isTold(entries: readonly TimelineEntry[]): (entry: TimelineEntry) => boolean {
  const ended = new Set(entriesOf(entries, "step.finished").map(({ fact }) => `${fact.run}:${fact.step}`));
  return ({ fact }) => fact.kind !== "step.intended" || !ended.has(`${fact.run}:${fact.step}`);
}

function amendmentLines({ actor, at, fact, seq }: EntryOf<"entry.amended">): string[] {
  return [
    `  - **Amended** ${stamp(at)} UTC (entry ${seq}) by ${plain(actorName(actor))}:`,
    quote(fact.text, "    "),
  ];
}

function entryLines(entry: TimelineEntry, amendments: readonly EntryOf<"entry.amended">[]): string[] {
  const { subject, what, quoted, link: url } = entryText(entry);
  const time = entry.at.toISOString().slice(11, 19);
  const source = link("link", url);
  const said = entry.fact.kind === "entry.amended" ? null : quoted;
  const text = `${plain(subjectName(subject))} ${plain(what)}`;
  const head = `- **${time}** (${entry.seq}) ${text}${said === null ? "" : ":"}${source === undefined ? "" : ` ${source}`}`;
  return [head, ...(said === null ? [] : [quote(said, "  ")]), ...amendments.flatMap(amendmentLines)];
}

/** Every entry under its date; corrections stand beside what they correct. */
export function timelineSection(entries: readonly TimelineEntry[]): string {
  const amendments = Map.groupBy(entriesOf(entries, "entry.amended"), ({ fact }) => fact.seq);
  const days = Map.groupBy(entries.filter(isTold(entries)), ({ at }) => at.toISOString().slice(0, 10));
  return [...days]
    .map(([day, inDay]) => {
      const lines = inDay.flatMap((entry) => entryLines(entry, amendments.get(entry.seq) ?? []));
      return [heading(3, day), "", ...lines].join("\n").trimEnd();
    })
    .join("\n\n");
}
