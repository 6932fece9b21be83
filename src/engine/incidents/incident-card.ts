import { parseISO } from "date-fns/parseISO";
import { formatDuration } from "../../domain/deadline.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Block, Button, Inline, LabeledText, View } from "../../domain/view.ts";
import type { AlertTotals } from "../../store/alerts.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Row } from "../../store/tables.ts";
import { runSummary } from "../runs/run-view.ts";

export interface CardShown {
  incident: Incident;
  alerts: AlertTotals;
  /** The proposal that waits. */
  offer: StoredPlan | null;
  /** The newest run. */
  run: { row: Row<"run">; stored: StoredPlan } | null;
  acknowledgedBy: Inline | null;
  /** Who answers for the app, and what they wrote down for this hour; null: no app is known. */
  help: { owner: string; runbook: string | null } | null;
}

/** Facts of a proposal on the card; the plan has them all. */
const SHORT = 4;

export const marks = { open: "🔴", mitigated: "🟠", resolved: "🟢" } as const;

function times({ incident, acknowledgedBy }: CardShown): LabeledText[] {
  const { detectedAt, acknowledgedAt, mitigatedAt, resolvedAt } = incident;
  const stamps = [
    ["Detected", detectedAt, null],
    ["Acknowledged", acknowledgedAt, acknowledgedBy],
    ["Mitigated", mitigatedAt, null],
    ["Resolved", resolvedAt, null],
  ] as const;
  return stamps.flatMap(([label, at, by]): LabeledText[] => {
    if (at === null) return [];
    const time = { time: at, as: "clock" } as const;
    return [{ label, value: by === null ? time : [time, ", ", by] }];
  });
}

/** `2 of 412 alerts firing: …`, and how often they were told where that is oftener than that they fire and resolve. */
function alertText({ firing, silent, total, received, names }: AlertTotals): Inline[] {
  const count = `${total} alert${total === 1 ? "" : "s"}`;
  const state =
    firing === 0
      ? silent === null
        ? `${count} resolved`
        : `none of ${count} firing as far as is known`
      : firing === total
        ? `${count} firing`
        : `${firing} of ${count} firing`;
  const unheard: Inline[] =
    silent === null ? [] : [`, ${silent.count} not heard since `, { time: silent.since, as: "clock" }];
  const repeated = received > 2 * total ? ` (received ${received} times)` : "";
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return [state, ...unheard, `${repeated}: ${names.slice(0, 3).join(", ")}${more}`];
}

/** `v1.2.0 shipped 6m before.`: what changed last, beside the moment the trouble was seen. */
function lastChangeText({ plan }: StoredPlan, { app, detectedAt }: Incident): Inline[] {
  const change = plan.steps.find((step) => step.lastChange !== undefined)?.lastChange;
  if (change === undefined) return [];
  const ms = detectedAt.getTime() - parseISO(change.at).getTime();
  const when = `${formatDuration(Math.abs(ms))} ${ms >= 0 ? "before" : "after"} the first alert`;
  return [`${app ?? plan.app} ${change.what} ${when}. `];
}

/** The proposal that waits, as it stands on the card and below the newest trouble. */
export function offerBlocks({ offer, incident }: Pick<CardShown, "offer" | "incident">): Block[] {
  if (offer === null || incident.status === "resolved") return [];
  const facts = offer.plan.steps.flatMap((step) => step.facts).slice(0, SHORT);
  const alternatives = offer.plan.steps.flatMap((step) => step.alternatives ?? []);
  const other: Button = {
    label: "Other…",
    command: `rollback ${offer.plan.app} --env ${offer.plan.environment}`,
    form: {
      title: "Another release",
      submit: "Plan it",
      fields: [
        { name: "to", label: "Go back to", input: { type: "select", options: alternatives }, required: true },
      ],
    },
  };
  return [
    { type: "divider" },
    { type: "text", text: [...lastChangeText(offer, incident), { bold: `${offer.plan.title}?` }] },
    ...(facts.length > 0 ? [{ type: "facts", facts } as const] : []),
    {
      type: "buttons",
      buttons: [
        { label: "Confirm", command: `approve P${offer.number}`, style: "primary" },
        { label: "See the plan", command: `status P${offer.number}` },
        ...(alternatives.length > 0 ? [other] : []),
      ],
    },
  ];
}

/** A confidential incident that an alert opened has a procedure that nobody has started yet. */
function procedure({ incident, run }: Pick<CardShown, "incident" | "run">): Button[] {
  const { kind, status } = incident;
  if (!isConfidential(kind) || status === "resolved" || run !== null) return [];
  return [{ label: "Start the procedure", command: `declare ${kind}`, style: "primary" }];
}

function verbs({ status, acknowledgedAt }: Incident): Button[] {
  if (status === "resolved")
    return [
      { label: "Reopen", command: "reopen" },
      { label: "Export post-mortem", command: "export" },
    ];
  return [
    ...(acknowledgedAt === null ? [{ label: "Acknowledge", command: "ack" }] : []),
    ...(status === "open" ? [{ label: "Mitigate", command: "mitigate" }] : []),
    {
      label: "Resolve",
      command: "resolve",
      confirm: {
        title: "Resolve this incident?",
        text: "PagerDuty follows. It can be reopened.",
        yes: "Resolve",
      },
    },
  ];
}

/** `api in prod: HighErrorRate`; an alert's title that begins with the app's name does not say it twice. */
function headline({ app, environment, title }: Incident): string {
  if (app === null) return title;
  const isNamed = title.toLowerCase().startsWith(`${app.toLowerCase()} `);
  const where = environment === null ? app : `${app} in ${environment}`;
  return `${where}: ${isNamed ? title.slice(app.length + 1) : title}`;
}

/** The line that announces an incident elsewhere, and tells how it stands. */
export function incidentLine(incident: Incident): View {
  const { status, severity, channel, channelName } = incident;
  const what = `${severity} ${status}: ${headline(incident)}`;
  const where: Inline = channel === null ? `#${channelName}` : { channel, name: channelName };
  return {
    summary: `${what} #${channelName}`,
    blocks: [{ type: "text", text: [`${marks[status]} ${what} `, where] }],
  };
}

/** While a fix is carried out no other is offered. */
export function isRunning({ run }: Pick<CardShown, "run">): boolean {
  return (
    run !== null && run.row.status !== "finished" && run.stored.plan.steps.some(({ mutates }) => mutates)
  );
}

function helpNote({ help }: CardShown): Block[] {
  if (help === null) return [];
  const { owner, runbook } = help;
  const link: Inline[] = runbook === null ? [] : [{ link: runbook, text: "Runbook" }, " · "];
  return [{ type: "note", text: [...link, `owner: ${owner}`] }];
}

/** The one pinned message of an incident: what is wrong, since when, and the fix that waits. */
export function incidentCard(shown: CardShown): View {
  const { incident, alerts, run } = shown;
  const summary = `${incident.severity} ${incident.status}: ${headline(incident)}`;
  const roles = Object.entries(incident.roles).map(([role, person]): LabeledText => ({
    label: role[0]!.toUpperCase() + role.slice(1),
    value: { person, name: person },
  }));
  const facts: LabeledText[] = [
    { label: "Status", value: `${marks[incident.status]} ${incident.status}, ${incident.severity}` },
    ...times(shown),
    ...roles,
  ];
  return {
    summary,
    blocks: [
      { type: "heading", text: headline(incident) },
      { type: "facts", facts },
      ...(alerts.total === 0 ? [] : [{ type: "text", text: alertText(alerts) } as const]),
      ...(run === null ? [] : [{ type: "text", text: runSummary(run.row, run.stored.plan) } as const]),
      ...helpNote(shown),
      ...(isRunning(shown) ? [] : offerBlocks(shown)),
      { type: "buttons", buttons: [...procedure(shown), ...verbs(incident)] },
    ],
  };
}
