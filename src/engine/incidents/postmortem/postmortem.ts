import { actorName } from "../../../domain/actor.ts";
import { formatDuration } from "../../../domain/deadline.ts";
import { type Incident, IncidentRole, isConfidential } from "../../../domain/incident.ts";
import type { Fact, TimelineEntry } from "../../../domain/timeline.ts";
import { code, heading, link, plain, table } from "../markdown.ts";
import { doer, subjectName } from "../entry-text.ts";
import { endName } from "../../runs/run-view.ts";
import { actionRecords, type ActionRecord, actionSection, entriesOf, stamp, unusedLine } from "./actions.ts";
import { chartsSection, type PostMortemCharts } from "./charts-section.ts";
import { suggestedFollowUps } from "./follow-ups.ts";
import { timelineSection } from "./timeline.ts";

/** A line that people replace: the record cannot know it. */
function toWrite(what: string): string {
  return `*✎ To be written: ${what}*`;
}

function after(incident: Incident, at: Date): string {
  return formatDuration(at.getTime() - incident.detectedAt.getTime());
}

function aboutText({ kind, app, environment }: Incident): string {
  if (app === null) return kind;
  return `${kind} of ${app}${environment === null ? "" : ` in ${environment}`}`;
}

function severityText({ severity }: Incident, entries: readonly TimelineEntry[]): string {
  const changes = entriesOf(entries, "severity.changed").map(
    ({ fact, at }) => `${fact.from} until ${stamp(at)} UTC`,
  );
  return changes.length === 0 ? severity : `${severity} (${changes.join(", ")})`;
}

function rolesText({ roles }: Incident, entries: readonly TimelineEntry[]): string {
  const names = new Map(entriesOf(entries, "role.assigned").map(({ fact }) => [fact.person, fact.name]));
  const held = IncidentRole.options.flatMap((role) => {
    const person = roles[role];
    return person === undefined ? [] : [`${role} ${names.get(person) ?? person}`];
  });
  return held.length === 0 ? "none assigned" : held.join(", ");
}

/** What the record says in a few sentences. */
function story(incident: Incident, actions: readonly ActionRecord[]): string {
  const { severity, detectedAt, acknowledgedAt, mitigatedAt, resolvedAt, status } = incident;
  const ended = actions.filter(({ ended: end }) => end !== undefined);
  const sentences = [
    `A ${severity} ${aboutText(incident)} was detected on ${stamp(detectedAt)} UTC.`,
    acknowledgedAt === null ? "" : `It was acknowledged after ${after(incident, acknowledgedAt)}.`,
    ...ended.map(
      ({ run, made, ended: end }) =>
        `R${run}, "${made.fact.title}", ended: ${endName(end!.fact.outcome, end!.fact.verdict).toLowerCase()}.`,
    ),
    mitigatedAt === null ? "" : `Users were no longer hurt after ${after(incident, mitigatedAt)}.`,
    resolvedAt === null ? `It is ${status}.` : `It was resolved after ${after(incident, resolvedAt)}.`,
  ];
  return plain(sentences.filter((sentence) => sentence !== "").join(" "));
}

function summarySection(
  incident: Incident,
  entries: readonly TimelineEntry[],
  actions: readonly ActionRecord[],
): string {
  const { number, channelName, kind, app, environment, status, resolvedAt } = incident;
  const rows = [
    ["Incident", plain(`${number}, #${channelName}`)],
    ["Kind", kind],
    ["Severity", plain(severityText(incident, entries))],
    ["App", app === null ? "none" : plain(environment === null ? app : `${app} in ${environment}`)],
    ["Status", status],
    ["Duration", resolvedAt === null ? "not over" : `${after(incident, resolvedAt)}, detected to resolved`],
    ["Roles", plain(rolesText(incident, entries))],
  ];
  return [
    heading(2, "Summary"),
    table(rows),
    story(incident, actions),
    toWrite("the cause, in one or two sentences."),
  ].join("\n\n");
}

function impactSection(incident: Incident, entries: readonly TimelineEntry[]): string {
  const end = incident.mitigatedAt ?? incident.resolvedAt;
  const over = new Map(entriesOf(entries, "alert.resolved").map(({ fact, at }) => [fact.fingerprint, at]));
  const alerts = entriesOf(entries, "alert.fired").map(({ fact, at }) => {
    const resolved = over.get(fact.fingerprint);
    const until = resolved === undefined ? "end not recorded" : `resolved ${stamp(resolved)} UTC`;
    const source = link("alert", fact.url);
    return `${plain(fact.title)} (${fact.source}), fired ${stamp(at)} UTC, ${until}${source === undefined ? "" : `, ${source}`}`;
  });
  const known = [
    end === null
      ? "Users may still be hurt: it is neither mitigated nor resolved."
      : `Users were hurt for at most ${after(incident, end)} as far as known: from detection until it was ${incident.mitigatedAt === null ? "resolved" : "mitigated"}.`,
    ...alerts,
  ];
  return [
    heading(2, "Impact"),
    toWrite("who was affected, how many, and how they noticed."),
    toWrite("what it cost: failed requests, lost or late decisions, promises not kept."),
    "Known from the record:",
    known.map((item) => `- ${item}`).join("\n"),
  ].join("\n\n");
}

function timesSection(incident: Incident, entries: readonly TimelineEntry[]): string {
  const stamps = [
    ["Detected", incident.detectedAt, null],
    ["Acknowledged", incident.acknowledgedAt, "incident.acknowledged"],
    ["Mitigated", incident.mitigatedAt, "incident.mitigated"],
    ["Resolved", incident.resolvedAt, "incident.resolved"],
  ] as const;
  const rows = stamps.map(([name, at, kind]) => {
    if (at === null) return [name, incident.status === "resolved" ? "never" : "not yet", "", ""];
    const by = kind === null ? undefined : entriesOf<Fact["kind"]>(entries, kind).at(-1);
    return [
      name,
      stamp(at),
      kind === null ? "" : after(incident, at),
      by === undefined ? "" : plain(subjectName(doer(by))),
    ];
  });
  const reopened = entriesOf(entries, "incident.reopened").map(({ at }) => `${stamp(at)} UTC`);
  return [
    heading(2, "Times"),
    table([["", "UTC", "After detection", "By"], ...rows]),
    ...(reopened.length === 0
      ? []
      : [`Reopened ${reopened.join(", ")}: the times are those of the last mitigation and resolution.`]),
  ].join("\n\n");
}

function actionsSection(actions: readonly ActionRecord[]): string {
  const carried = actions.filter(
    ({ run, yeses, no, voided }) => run !== null || (yeses.length > 0 && !no && !voided),
  );
  const unused = actions.filter((action) => !carried.includes(action));
  return [
    heading(2, "Actions"),
    ...(carried.length === 0 ? ["Nothing was changed through crai."] : carried.map(actionSection)),
    ...(unused.length === 0 ? [] : ["Planned and not carried out:", unused.map(unusedLine).join("\n")]),
  ].join("\n\n");
}

function refusalsSection(entries: readonly TimelineEntry[]): string {
  const items = entriesOf(entries, "command.refused").map(
    ({ at, actor, fact }) =>
      `- **${stamp(at)}** ${plain(actorName(actor))}, ${code(fact.command)}: ${plain(`${fact.what} ${fact.why ?? ""}`)}`,
  );
  return [heading(2, "Refusals"), items.length === 0 ? "None." : items.join("\n")].join("\n\n");
}

function followUpsSection(suggested: readonly string[]): string {
  return [
    heading(2, "Follow-ups"),
    [
      `- [ ] ${toWrite("what keeps this from happening again, its owner and its date.")}`,
      ...suggested.map((item) => `- [ ] ${item}`),
    ].join("\n"),
  ].join("\n\n");
}

function provenanceSection({ number }: Incident, entries: readonly TimelineEntry[]): string {
  const last = entries.at(-1);
  const head = last?.hash ?? "";
  return [
    heading(2, "About this document"),
    `Made by crai from the record of incident ${number}: ${entries.length} timeline entries, the last of them with the hash ${code(head)}. All times are UTC; the numbers in parentheses are the entries' own. The same record makes the same document, byte for byte.`,
    "Every entry seals the one before it. Where crai's database is at hand, this shows whether anything was changed or left out since:",
    ["```sh", `crai audit verify --incident ${number} --hash ${head}`, "```"].join("\n"),
  ].join("\n\n");
}

/** Exports made after the last thing that happened are no part of the story: without them, exporting again is the same. */
export function withoutLastExports(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const end = entries.findLastIndex(({ fact }) => fact.kind !== "export.made");
  return entries.slice(0, end + 1);
}

/**
 * The post-mortem as Markdown: a pure function of the record, so that the same record gives the same bytes. Text from
 * people, alerts and clusters is shown and can do nothing else.
 */
export function renderPostMortem(
  incident: Incident,
  record: readonly TimelineEntry[],
  charts: PostMortemCharts = null,
): string {
  const entries = withoutLastExports(record);
  const actions = actionRecords(entries);
  const sections = [
    heading(1, `Post-mortem: ${aboutText(incident)}, ${incident.title}`),
    ...(isConfidential(incident.kind) ? ["**Confidential:** for the members of this incident only."] : []),
    summarySection(incident, entries, actions),
    impactSection(incident, entries),
    timesSection(incident, entries),
    ...chartsSection(charts, incident),
    [heading(2, "Timeline"), timelineSection(entries)].join("\n\n"),
    actionsSection(actions),
    refusalsSection(entries),
    followUpsSection(suggestedFollowUps({ incident, entries, actions })),
    provenanceSection(incident, entries),
  ];
  return `${sections.join("\n\n")}\n`;
}
