import type { Actor } from "../domain/actor.ts";
import { parseISO } from "date-fns";
import type { Logger } from "pino";
import { type Alert, matches } from "../domain/alert.ts";
import type { Clock } from "../domain/clock.ts";
import type { Config } from "../domain/config.ts";
import type { IncidentKind } from "../domain/incident.ts";
import type { Severity } from "../domain/severity.ts";
import type { FactOf } from "../domain/timeline.ts";
import type { Database, Queries } from "../store/database.ts";
import { attachAlert, upsertAlert } from "../store/alerts.ts";
import { setDeadline } from "../store/deadlines.ts";
import { openOutage, updateIncident } from "../store/incidents.ts";
import type { Row } from "../store/tables.ts";
import { appendEntry } from "../store/timeline.ts";
import type { Incidents } from "./incidents.ts";
import { alertView } from "./alert-view.ts";
import { show } from "./record.ts";

export interface Alerts {
  /** Takes what one delivery brought: attaches, opens, or only counts up. Resolved alerts never act. */
  receive(alerts: readonly Alert[], cause: string): Promise<void>;
}

export interface AlertsOptions {
  db: Database;
  config: Pick<Config, "apps" | "slack">;
  incidents: Incidents;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

interface Place {
  app: string | null;
  environment: string | null;
}

export function createAlerts({ db, config, incidents, wakeOutbox, now, log }: AlertsOptions): Alerts {
  /** The app whose matchers fit, and the environment its labels name, else its only one. */
  function placeOf(alert: Alert): Place {
    const found = Object.entries(config.apps).find(
      ([, app]) =>
        matches(app.alerts, alert.labels) ||
        (alert.pagerdutyService !== null && app.pagerdutyService === alert.pagerdutyService),
    );
    if (!found) return { app: null, environment: null };
    const [name, { environments }] = found;
    const names = Object.keys(environments);
    const labeled = [alert.labels["environment"], alert.labels["env"]].find(
      (value) => value !== undefined && names.includes(value),
    );
    const byNamespace = names.find(
      (environment) => environments[environment]?.namespace === alert.labels["namespace"],
    );
    return { app: name, environment: labeled ?? byNamespace ?? names[0] ?? null };
  }

  /** Returns the incident whose card it changes. */
  async function receiveOne(alert: Alert): Promise<number | null> {
    const { app, environment } = placeOf(alert);
    const row = await upsertAlert(db, { alert, app, environment, at: now() });
    if (alert.level === "warning") await warn(row);
    if (alert.level !== "critical") return null;
    if (row.incident !== null) return follow(row, alert);
    return alert.status === "resolved" ? null : attachOrOpen(row, alert);
  }

  /** A known alert of an incident: repeats show in the card's count, resolving is a fact (written once, by its key). */
  async function follow(row: Row<"alert">, alert: Alert): Promise<number | null> {
    const { incident } = row;
    if (incident === null || (row.status === "firing" && alert.pagerdutyIncident === null)) return incident;
    await db.transaction().execute(async (trx) => {
      const { source, fingerprint, title } = row;
      if (row.status === "resolved")
        await record(trx, incident, row, { kind: "alert.resolved", source, fingerprint, title });
      await linkPager(trx, incident, alert);
    });
    return incident;
  }

  async function attachOrOpen(row: Row<"alert">, alert: Alert): Promise<number> {
    const { app, environment } = row;
    const kind = kindOf(alert);
    const known =
      kind === "outage" && app !== null && environment !== null
        ? await openOutage(db, app, environment)
        : undefined;
    const actor: Actor = { kind: "alert", source: alert.source };
    const incident =
      known ??
      (
        await incidents.declare({
          kind,
          severity: severityOf(alert),
          title: alert.title,
          app,
          environment,
          detectedAt: parseISO(alert.startsAt),
          pagerdutyIncident: alert.pagerdutyIncident,
          actor,
          cause: `alert:${row.id}`,
        })
      ).incident;
    const { number } = incident;
    await db.transaction().execute(async (trx) => {
      await attachAlert(trx, row.id, number);
      const { source, fingerprint, title, url } = alert;
      await record(trx, number, row, { kind: "alert.fired", source, fingerprint, title, url });
      await linkPager(trx, number, alert);
      // The fix is worked out from here, also when crai is interrupted before or while it is.
      await setDeadline(trx, {
        key: `incident:${number}:offer:${row.id}`,
        kind: "incident.offer",
        subject: { incident: number, alert: row.id },
        dueAt: now(),
      });
    });
    return number;
  }

  /** Whichever of Alertmanager and PagerDuty came first, the incident learns PagerDuty's number when it comes. */
  async function linkPager(trx: Queries, incident: number, alert: Alert): Promise<void> {
    if (alert.pagerdutyIncident === null) return;
    const linked = await trx
      .selectFrom("incident")
      .select("pagerduty_incident")
      .where("number", "=", incident)
      .executeTakeFirst();
    if (linked?.pagerduty_incident === null)
      await updateIncident(trx, incident, { pagerdutyIncident: alert.pagerdutyIncident });
  }

  async function record(
    trx: Queries,
    incident: number,
    row: Row<"alert">,
    fact: FactOf<"alert.fired" | "alert.resolved">,
  ): Promise<void> {
    await appendEntry(trx, {
      stream: `incident:${incident}`,
      at: now(),
      key: `${fact.kind}:${row.id}`,
      actor: { kind: "alert", source: row.source },
      fact,
    });
  }

  /** A warning is one message in the app's channel, edited as it repeats and resolves. */
  async function warn(row: Row<"alert">): Promise<void> {
    const channel = (row.app === null ? undefined : config.apps[row.app]?.channel) ?? config.slack.announce;
    if (channel === undefined) return;
    await show(db, `alert:${row.id}`, { do: "post", channel: { id: channel }, view: alertView(row) }, now());
    wakeOutbox();
  }

  return {
    async receive(alerts, cause) {
      const touched = new Set<number>();
      for (const alert of alerts) {
        const incident = await receiveOne(alert);
        if (incident !== null) touched.add(incident);
      }
      // Once for the whole delivery: a storm is one edit of the card.
      for (const incident of touched) await incidents.refresh(incident);
      wakeOutbox();
      log.debug({ alerts: alerts.length, cause }, "alerts received");
    },
  };
}

/** `kind: security` on an alert decides before the first outgoing byte that its incident is confidential. */
function kindOf(alert: Alert): IncidentKind {
  const label = alert.labels["incident_kind"] ?? alert.labels["kind"];
  return label === "security" || label === "breach" ? label : "outage";
}

function severityOf(alert: Alert): Severity {
  const label = alert.labels["severity"];
  return label === "sev1" || label === "sev2" || label === "sev3" || label === "sev4" ? label : "sev2";
}
