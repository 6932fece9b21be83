import { parseISO } from "date-fns/parseISO";
import type { Logger } from "pino";
import type { Actor } from "../../domain/actor.ts";
import { type Alert, matches } from "../../domain/alert.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { type IncidentKind, isConfidential } from "../../domain/incident.ts";
import type { Severity } from "../../domain/severity.ts";
import type { Fact } from "../../domain/timeline.ts";
import {
  attachAlerts,
  confidentialOfGroup,
  isOver,
  openUnmatched,
  type Sighted,
  upsertAlert,
} from "../../store/alerts.ts";
import { type Database, isContended, isDatabaseAway, type Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentByNumber, lockIncident, openOutage, updateIncident } from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntries } from "../../store/timeline.ts";
import { offerDeadlines } from "../incidents/offer-deadlines.ts";
import { beginAnew } from "./episodes.ts";
import type { Incidents } from "../incidents/incidents.ts";
import { showWarning } from "./show-warning.ts";

export interface Alerts {
  /**
   * Takes what one delivery brought: attaches, opens, or only counts up. Resolved alerts never act. Returns those that
   * could not be taken, so that one takes no other with it; throws while the database does not answer.
   */
  receive(alerts: readonly Alert[], cause: string): Promise<Untaken[]>;
  /** Shows a warning as it stands, in the app's channel. */
  warn(row: Row<"alert">): Promise<void>;
}

export interface Untaken {
  alert: Alert;
  error: unknown;
}

export interface AlertsOptions {
  db: Database;
  config: Pick<Config, "apps" | "slack" | "confidential" | "deadlines" | "escalation">;
  incidents: Incidents;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

type Place = Pick<Sighted, "app" | "environment">;

/** An alert and the row that counts it. */
interface Arrival {
  alert: Alert;
  row: Row<"alert">;
}

/** What a delivery means for one incident. */
interface News {
  attached: Arrival[];
  resolved: Arrival[];
  pagerdutyIncident: string | null;
}

/** Tries for what is in other transactions' way. */
const MOST_TRIES = 5;
/** Facts that are written in one transaction: a storm must not cost one for each alert. */
const BATCH = 500;

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

  /** Known before the first outgoing byte: by a label of its own, by a matcher of crai.yaml, or because the same group was told of by another source. */
  async function kindOf(alert: Alert): Promise<IncidentKind> {
    const label = alert.labels["incident_kind"] ?? alert.labels["kind"];
    if (label === "security" || label === "breach") return label;
    const { breach, security } = config.confidential;
    if (matches(breach, alert.labels)) return "breach";
    if (matches(security, alert.labels)) return "security";
    // PagerDuty passes no labels on.
    if (alert.source !== "pagerduty" || alert.group === null) return "outage";
    return (await confidentialOfGroup(db, { group: alert.group }))?.kind ?? "outage";
  }

  async function sight(alert: Alert): Promise<Arrival> {
    const kind = await kindOf(alert);
    return { alert, row: await upsertAlert(db, { alert, kind, ...placeOf(alert), at: now() }) };
  }

  /** The incident an alert is part of already. An alert attaches to a confidential one only as part of the very group that opened it. */
  async function partOf({ row }: Arrival): Promise<number | undefined> {
    const { app, environment, kind, group_key: group } = row;
    if (isConfidential(kind)) {
      const known = group === null ? undefined : await confidentialOfGroup(db, { group, open: true });
      return known?.incident ?? undefined;
    }
    if (app === null || environment === null) return openUnmatched(db);
    return (await openOutage(db, app, environment))?.number;
  }

  async function open({ alert, row }: Arrival): Promise<number> {
    const { incident } = await incidents.declare({
      kind: row.kind,
      severity: severityOf(alert),
      title: alert.title,
      app: row.app,
      environment: row.environment,
      detectedAt: parseISO(alert.startsAt),
      pagerdutyIncident: alert.pagerdutyIncident,
      actor: { kind: "alert", source: alert.source },
      cause: `alert:${row.id}`,
    });
    return incident.number;
  }

  /** Returns the incident that hears of it; null: none does. `known`: by cause, those of this delivery. */
  async function incidentFor(arrival: Arrival, known: Map<string, number>): Promise<number | null> {
    const { row } = arrival;
    if (row.incident !== null) return row.incident;
    const isShown = row.level === "critical" || (row.level === "warning" && isConfidential(row.kind));
    if (!isShown || row.status === "resolved") return null;
    const cause = causeOf(row);
    const incident = known.get(cause) ?? (await partOf(arrival)) ?? (await open(arrival));
    known.set(cause, incident);
    return incident;
  }

  function noteNews(news: Map<number, News>, incident: number, arrival: Arrival): void {
    const { alert, row } = arrival;
    const known = news.get(incident) ?? { attached: [], resolved: [], pagerdutyIncident: null };
    news.set(incident, known);
    known.pagerdutyIncident ??= alert.pagerdutyIncident;
    if (row.incident === null) {
      known.attached.push(arrival);
      // The rows of one alert that came several times at once: it is attached once.
      row.incident = incident;
    }
    if (row.status === "resolved") known.resolved.push(arrival);
  }

  async function write(incident: number, { attached, resolved, pagerdutyIncident }: News): Promise<void> {
    for (let start = 0; start < Math.max(1, attached.length, resolved.length); start += BATCH) {
      const fired = attached.slice(start, start + BATCH);
      const over = resolved.slice(start, start + BATCH);
      await db.transaction().execute(async (trx) => {
        const rows = fired.map(({ row }) => row);
        const { episode } = await beginAnew(trx, (await lockIncident(trx, incident))!, rows, {
          together: config.deadlines.together,
          escalate: config.escalation.length === 0 ? null : config.deadlines.escalate,
          now: now(),
        });
        await attachAlerts(
          trx,
          rows.map(({ id }) => id),
          incident,
        );
        await appendEntries(trx, `incident:${incident}`, [
          ...fired.map((arrival) => entryOf(arrival, "alert.fired", now())),
          ...over.map((arrival) => entryOf(arrival, "alert.resolved", now())),
        ]);
        if (start === 0) await linkPager(trx, incident, pagerdutyIncident);
        await offerFixes(trx, { incident, episode }, rows);
      });
    }
  }

  /** The fix is worked out from here, also when crai is interrupted before or while it is. */
  async function offerFixes(
    trx: Queries,
    { incident, episode }: { incident: number; episode: number },
    fired: readonly Row<"alert">[],
  ): Promise<void> {
    for (const deadline of offerDeadlines({ incident, episode, fired, at: now() }))
      await setDeadline(trx, deadline);
  }

  /**
   * Whichever of Alertmanager and PagerDuty came first, the incident learns PagerDuty's number when it comes; and that
   * of the new one when the old one is over.
   */
  async function linkPager(trx: Queries, number: number, pagerdutyIncident: string | null): Promise<void> {
    if (pagerdutyIncident === null) return;
    const incident = await incidentByNumber(trx, number);
    if (!incident || incident.pagerdutyIncident === pagerdutyIncident) return;
    if (incident.pagerdutyIncident === null || (await isOver(trx, "pagerduty", incident.pagerdutyIncident)))
      await updateIncident(trx, number, { pagerdutyIncident });
  }

  const warn = (row: Row<"alert">): Promise<void> => showWarning(db, config, row, now());

  async function receive(alerts: readonly Alert[]): Promise<Untaken[]> {
    const news = new Map<number, News>();
    const known = new Map<string, number>();
    const untaken: Untaken[] = [];
    for (const alert of alerts)
      await alone(untaken, [alert], async () => {
        const arrival = await sight(alert);
        const { row } = arrival;
        if (row.level === "warning" && !isConfidential(row.kind)) await warn(row);
        const incident = await incidentFor(arrival, known);
        if (incident !== null) noteNews(news, incident, arrival);
      });
    for (const [incident, brought] of news)
      await alone(untaken, alertsOf(brought), async () => {
        await write(incident, brought);
        // Once for the whole delivery: a storm is one edit of the card.
        await incidents.refresh(incident);
      });
    wakeOutbox();
    return untaken;
  }

  /**
   * What cannot be taken is told of and takes nothing else of its delivery with it. While the database does not answer
   * nothing can be taken: the delivery is repeated then. What was in another transaction's way begins anew.
   */
  async function alone(
    untaken: Untaken[],
    alerts: readonly Alert[],
    work: () => Promise<void>,
  ): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (isContended(error) && tries < MOST_TRIES) continue;
        if (isDatabaseAway(error)) throw error;
        untaken.push(...alerts.map((alert) => ({ alert, error })));
        log.error({ err: error, alerts: alerts.map(({ title }) => title) }, "an alert could not be taken");
        return;
      }
    }
  }

  /** One delivery at a time: two sources that tell of one trouble at once must not open two incidents. */
  let last: Promise<unknown> = Promise.resolve();

  return {
    warn,
    receive(alerts, cause) {
      const taken = last.then(() => receive(alerts));
      last = taken.catch(() => undefined);
      log.debug({ alerts: alerts.length, cause }, "alerts received");
      return taken;
    },
  };
}

function alertsOf({ attached, resolved }: News): Alert[] {
  return [...new Set([...attached, ...resolved].map(({ alert }) => alert))];
}

/** Alerts of one cause are one incident: an app in an environment, all that belong to no app, a confidential group. */
function causeOf({ id, kind, app, environment, group_key: group }: Row<"alert">): string {
  return isConfidential(kind) ? `${kind} ${group ?? `alert ${id}`}` : `${app}/${environment}`;
}

function entryOf(
  { row }: Arrival,
  kind: "alert.fired" | "alert.resolved",
  at: Date,
): { at: Date; key: string; actor: Actor; fact: Fact } {
  const { id, source, fingerprint, title, body } = row;
  const fact: Fact =
    kind === "alert.fired"
      ? { kind, source, fingerprint, title, url: body.url }
      : { kind, source, fingerprint, title };
  return { at, key: `${kind}:${id}`, actor: { kind: "alert", source }, fact };
}

function severityOf(alert: Alert): Severity {
  const label = alert.labels["severity"];
  return label === "sev1" || label === "sev2" || label === "sev3" || label === "sev4" ? label : "sev2";
}
