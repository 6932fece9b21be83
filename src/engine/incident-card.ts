import type { Incident } from "../domain/incident.ts";
import type { Block, Button, LabeledText, Text, View } from "../domain/view.ts";
import type { StoredPlan } from "../store/plans.ts";
import type { Row } from "../store/tables.ts";
import { runSummary } from "./run-view.ts";

export interface CardShown {
  incident: Incident;
  alerts: readonly Row<"alert">[];
  /** The proposal that waits. */
  offer: StoredPlan | null;
  /** The newest run. */
  run: { row: Row<"run">; stored: StoredPlan } | null;
  acknowledgedBy: Text | null;
}

/** Facts of a proposal on the card; the plan has them all. */
const SHORT = 4;

const marks = { open: "🔴", mitigated: "🟠", resolved: "🟢" } as const;

function times(incident: Incident): LabeledText[] {
  const { detectedAt, acknowledgedAt, mitigatedAt, resolvedAt } = incident;
  const stamps = [
    ["Detected", detectedAt],
    ["Acknowledged", acknowledgedAt],
    ["Mitigated", mitigatedAt],
    ["Resolved", resolvedAt],
  ] as const;
  return stamps.flatMap(([label, at]) => (at === null ? [] : [{ label, value: { time: at, as: "clock" } }]));
}

/** `412 alerts, 3 firing`: the count shown is the count received. */
function alertText(alerts: readonly Row<"alert">[]): string {
  const received = alerts.reduce((sum, alert) => sum + alert.received, 0);
  const firing = alerts.filter((alert) => alert.status === "firing");
  const names = [...new Set((firing.length > 0 ? firing : alerts).map((alert) => alert.title))];
  const folded = received > alerts.length ? `, ${received} received` : "";
  return `${firing.length} firing of ${alerts.length}${folded}: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
}

function offerBlocks({ offer, incident }: CardShown): Block[] {
  if (offer === null || incident.status === "resolved") return [];
  const facts = offer.plan.steps.flatMap((step) => step.facts).slice(0, SHORT);
  const other: Button = {
    label: "Other…",
    command: `rollback ${offer.plan.app} --env ${offer.plan.environment}`,
    form: {
      title: "Another release",
      submit: "Plan it",
      fields: [
        { name: "to", label: "Revision, as `history` numbers them", input: { type: "text" }, required: true },
      ],
    },
  };
  return [
    { type: "divider" },
    { type: "text", text: [{ bold: `${offer.plan.title}?` }] },
    ...(facts.length > 0 ? [{ type: "facts", facts } as const] : []),
    {
      type: "buttons",
      buttons: [
        { label: "Confirm", command: `approve P${offer.number}`, style: "primary" },
        { label: "See the plan", command: `status P${offer.number}` },
        other,
      ],
    },
  ];
}

function verbs({ status, acknowledgedAt }: Incident): Button[] {
  if (status === "resolved")
    return [
      { label: "Reopen", command: "reopen" },
      { label: "Export post-mortem", command: "export" },
    ];
  return [
    ...(acknowledgedAt === null ? [{ label: "Acknowledge", command: "ack" }] : []),
    ...(status === "open" ? [{ label: "Mitigated", command: "mitigate" }] : []),
    {
      label: "Resolved",
      command: "resolve",
      confirm: {
        title: "Resolve this incident?",
        text: "PagerDuty follows. It can be reopened.",
        yes: "Resolve",
      },
    },
  ];
}

/** The one pinned message of an incident: what is wrong, since when, and the fix that waits. */
export function incidentCard(shown: CardShown): View {
  const { incident, alerts, run } = shown;
  const about =
    incident.app === null
      ? ""
      : `${incident.app}${incident.environment === null ? "" : ` in ${incident.environment}`}: `;
  const summary = `${incident.severity} ${incident.status}: ${about}${incident.title}`;
  const roles = Object.entries(incident.roles).map(([role, person]): LabeledText => ({
    label: role[0]!.toUpperCase() + role.slice(1),
    value: { person, name: person },
  }));
  const facts: LabeledText[] = [
    { label: "Status", value: `${marks[incident.status]} ${incident.status}` },
    { label: "Severity", value: incident.severity },
    ...times(incident),
    ...(shown.acknowledgedBy === null ? [] : [{ label: "Acknowledged by", value: shown.acknowledgedBy }]),
    ...roles,
    ...(alerts.length === 0 ? [] : [{ label: "Alerts", value: alertText(alerts) }]),
  ];
  return {
    summary,
    blocks: [
      { type: "heading", text: `${about}${incident.title}` },
      { type: "facts", facts },
      ...(run === null ? [] : [{ type: "text", text: runSummary(run.row, run.stored.plan) } as const]),
      ...(run !== null && run.row.status !== "finished" ? [] : offerBlocks(shown)),
      { type: "buttons", buttons: verbs(incident) },
    ],
  };
}
