import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import type { Actor } from "../../domain/actor.ts";
import type { Alert } from "../../domain/alert.ts";
import type { Clock } from "../../domain/clock.ts";
import { isUserError } from "../../domain/errors.ts";
import type { IncidentVerb } from "../../domain/incident.ts";
import type { PagerEvent } from "../../domain/pager-event.ts";
import type { Database } from "../../store/database.ts";
import { resolveAlerts } from "../../store/alerts.ts";
import { incidentByNumber, incidentOfPager } from "../../store/incidents.ts";
import { askedOfPager } from "../../store/outbox.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Alerts } from "./alerts.ts";
import { demandTaken } from "./take-deliveries.ts";
import type { Incidents } from "../incidents/incidents.ts";
import { callOfPage, isPageEnded } from "../escalation/show-call.ts";
import type { Escalations } from "../escalation/escalations.ts";
import { pageKeys } from "../record.ts";

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

/** ms between what PagerDuty answered us and what it tells of the same change. */
const SAME = 5000;
/** ms that a change may be on its way to PagerDuty and back. */
const UNDER_WAY = 120_000;

/** Whether PagerDuty tells of what was done here, as the person who did it: the record has that already. */
async function isEcho(db: Database, verb: IncidentVerb, { at, by, incident }: PagerEvent): Promise<boolean> {
  const happened = parseISO(at);
  const asked = await askedOfPager(db, incident?.id ?? "", verb);
  return asked.some(({ delivered_version: delivered, created_at: since, receipt }) => {
    // The webhook may be faster than the answer to our own request.
    if (delivered === 0) return Math.abs(differenceInMilliseconds(happened, since)) < UNDER_WAY;
    if (receipt?.id !== by?.id || receipt?.at === undefined) return false;
    return Math.abs(differenceInMilliseconds(happened, parseISO(receipt.at))) < SAME;
  });
}

export interface PagerEvents {
  follow(event: PagerEvent): Promise<void>;
  /** An incident of PagerDuty is over: so is every alert that it stood for. */
  end(pagerdutyIncident: string): Promise<void>;
}

export interface PagerEventsOptions {
  db: Database;
  alerts: Alerts;
  incidents: Incidents;
  escalations: Pick<Escalations, "heard">;
  now: Clock;
}

function isOwn(key: string): boolean {
  return Object.values(pageKeys).some((own) => key.startsWith(own));
}

/** Follows PagerDuty: triggering opens or attaches, and what people do there is done here, without being said back. */
export function createPagerEvents({
  db,
  alerts,
  incidents,
  escalations,
  now,
}: PagerEventsOptions): PagerEvents {
  /** PagerDuty resolved it, by a person or because the monitor recovered: the alert is over, the incident may not be. */
  async function end(fingerprint: string): Promise<void> {
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
    for (const incident of touched) if (incident !== null) await incidents.refresh(incident);
  }

  /** Nobody is waited for any longer: the page ends with what it was for. */
  async function isOver(about: { incident: number; call: number }): Promise<boolean> {
    const incident = await incidentByNumber(db, about.incident);
    return incident?.status === "resolved" || (await isPageEnded(db, about));
  }

  /** Whoever is called into an incident may answer on their phone. */
  async function hearOfCall({ what, by, incident }: PagerEvent): Promise<void> {
    const about = callOfPage(incident?.key ?? "");
    if (about === null || by === null || (what !== "acknowledged" && what !== "resolved")) return;
    if (what === "resolved" && (await isOver(about))) return;
    await escalations.heard(about.incident, about.call, by.name);
  }

  async function follow(event: PagerEvent): Promise<void> {
    const alert = alertOf(event);
    if (alert === null) return;
    // A page of our own comes back as an incident of PagerDuty; it is no outage.
    if (isOwn(alert.group ?? "")) return hearOfCall(event);
    if (event.what === "triggered") return demandTaken(await alerts.receive([alert], event.id));
    if (event.what === "resolved") await end(alert.fingerprint);
    const incident = await incidentOfPager(db, alert.fingerprint);
    const verb = verbs[event.what];
    if (!incident || verb === undefined || event.by === null) return;
    if (await isEcho(db, verb, event)) return;
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
  }

  return { follow, end };
}
