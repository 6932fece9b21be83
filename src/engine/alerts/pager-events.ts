import type { Actor } from "../../domain/actor.ts";
import type { Alert } from "../../domain/alert.ts";
import type { Clock } from "../../domain/clock.ts";
import { isUserError } from "../../domain/errors.ts";
import type { IncidentVerb } from "../../domain/incident.ts";
import type { PagerEvent } from "../../domain/pager-event.ts";
import type { Database } from "../../store/database.ts";
import { resolveAlerts } from "../../store/alerts.ts";
import { incidentOfPager } from "../../store/incidents.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Alerts } from "./alerts.ts";
import type { Incidents } from "../incidents/incidents.ts";
import { pageKey } from "../record.ts";

const verbs: Partial<Record<PagerEvent["what"], IncidentVerb>> = {
  acknowledged: "acknowledge",
  resolved: "resolve",
  reopened: "reopen",
};

/** A triggered incident of PagerDuty is an alert; its other events are what its responders did. */
function alertOf(event: PagerEvent): Alert | null {
  const { incident } = event;
  if (incident === null || event.what === "other") return null;
  return {
    source: "pagerduty",
    fingerprint: incident.id,
    group: incident.key,
    status: event.what === "resolved" ? "resolved" : "firing",
    title: incident.title,
    level: incident.urgent ? "critical" : "warning",
    // What there is to match on: PagerDuty passes the labels of its alerts not on.
    labels: {
      ...(incident.service !== null && { pagerduty_service: incident.service }),
      ...(incident.type !== null && { incident_type: incident.type }),
    },
    annotations: {},
    startsAt: event.at,
    endsAt: event.what === "resolved" ? event.at : null,
    url: incident.url,
    pagerdutyIncident: incident.id,
    pagerdutyService: incident.service,
  };
}

export interface PagerEventsOptions {
  db: Database;
  alerts: Alerts;
  incidents: Incidents;
  now: Clock;
}

/** Follows PagerDuty: triggering opens or attaches, and what people do there is done here, without being said back. */
export function createPagerEvents({
  db,
  alerts,
  incidents,
  now,
}: PagerEventsOptions): (event: PagerEvent) => Promise<void> {
  /** PagerDuty resolved it, by a person or because the monitor recovered: the alert is over, the incident may not be. */
  async function endAlerts(event: PagerEvent, fingerprint: string): Promise<void> {
    const ended = await db.transaction().execute(async (trx) => {
      const rows = await resolveAlerts(trx, "pagerduty", fingerprint, now());
      for (const { id, incident, title } of rows) {
        if (incident === null) continue;
        const fact = { kind: "alert.resolved", source: "pagerduty", fingerprint, title } as const;
        await appendEntry(trx, {
          stream: `incident:${incident}`,
          at: now(),
          key: `alert.resolved:${id}`,
          actor: { kind: "alert", source: "pagerduty" },
          fact,
        });
      }
      return rows;
    });
    // Also those that an interrupted attempt has ended already.
    const linked = await incidentOfPager(db, fingerprint);
    const touched = new Set([...ended.map((row) => row.incident), linked?.number ?? null]);
    for (const incident of touched)
      if (incident !== null && event.by === null) await incidents.refresh(incident);
  }

  return async (event) => {
    const alert = alertOf(event);
    // A page of our own for a second yes comes back as an incident of PagerDuty; it is no outage.
    if (alert === null || alert.group?.startsWith(pageKey) === true) return;
    if (event.what === "triggered") return alerts.receive([alert], event.id);
    if (event.what === "resolved") await endAlerts(event, alert.fingerprint);
    const incident = await incidentOfPager(db, alert.fingerprint);
    const verb = verbs[event.what];
    if (!incident || verb === undefined || event.by === null) return;
    const actor: Actor = { kind: "alert", source: "pagerduty" };
    const { by } = event;
    await db.transaction().execute((trx) =>
      appendEntry(trx, {
        stream: `incident:${incident.number}`,
        at: now(),
        key: `pager:${event.id}`,
        actor,
        fact: {
          kind: "pager.changed",
          what:
            event.what === "acknowledged"
              ? "acknowledged"
              : event.what === "resolved"
                ? "resolved"
                : "reopened",
          by: by.name,
        },
      }),
    );
    try {
      await incidents.change(verb, incident.number, {
        actor,
        cause: `pager:${event.id}`,
        reason: `${by.name} in PagerDuty`,
        heard: true,
      });
    } catch (error) {
      // It stands as PagerDuty says already.
      if (!isUserError(error)) throw error;
    }
  };
}
