import { addMilliseconds } from "date-fns/addMilliseconds";
import { parseISO } from "date-fns/parseISO";
import type { Logger } from "pino";
import type { Alert } from "../../domain/alert.ts";
import type { Clock } from "../../domain/clock.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Playbook } from "../../domain/playbook.ts";
import { alertById, firingIn } from "../../store/alerts.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import type { Again } from "../incidents/offer-deadlines.ts";
import type { Incidents } from "../incidents/incidents.ts";
import type { Playbooks } from "../playbooks/loaded.ts";
import { overtakenBy, voidOvertaken } from "./overtaken.ts";
import type { Planner } from "./planner.ts";
import type { StartAlone } from "./start-alone.ts";
import { type StoredPlan, waitingPlans } from "../../store/plans.ts";
import { voidReplaced } from "./replaced-offers.ts";

function fits({ on_alert: trigger }: Playbook, alert: Alert): boolean {
  if (trigger === undefined) return false;
  return (
    trigger.level.includes(alert.level) &&
    Object.entries(trigger.labels).every(([label, value]) =>
      [value].flat().includes(alert.labels[label] ?? ""),
    )
  );
}

type About = Incident & { app: string };

function trouble({ number, app, environment }: About, { startsAt }: Alert) {
  return { incident: number, app, environment, since: parseISO(startsAt) };
}

export interface OfferOptions {
  db: Database;
  planner: Pick<Planner, "make">;
  playbooks: () => Playbooks;
  incidents: Pick<Incidents, "refresh">;
  startAlone: StartAlone;
  log: Logger;
  now: Clock;
}

/** What a deadline `incident.offer` is about, as offerDeadlines writes it. */
interface Subject {
  incident: number;
  alert: number;
  again: Again | undefined;
}

function subjectOf({ incident, alert, playbook, after }: Row<"deadline">["subject"]): Subject {
  const again = playbook === undefined ? undefined : { playbook: String(playbook), after: String(after) };
  return { incident: Number(incident), alert: Number(alert), again };
}

/** ms until a cluster that did not answer is asked again. */
const AGAIN_AFTER = 5000;

/**
 * Plans the fix that fits an alert and lets it wait on the incident's card. Read-only, as the alert's own identity;
 * whoever presses Confirm has it planned again with their own. Once a run has changed the app, people decide what comes
 * next: the release that cured it must not be proposed to be left. An alert that is over proposes nothing. A fix that cannot be planned is not offered; while
 * the cluster gives no answer it is tried again at the returned date.
 */
export function createOffer({
  db,
  planner,
  playbooks,
  incidents,
  startAlone,
  log,
  now,
}: OfferOptions): (subject: Row<"deadline">["subject"]) => Promise<Date | undefined> {
  async function plan(playbook: Playbook, incident: About, alert: Alert, after?: string): Promise<void> {
    const { number, app, environment } = incident;
    const stored = await planner.make({
      playbook: playbook.metadata.name,
      app,
      environment,
      inputs: {},
      actor: { kind: "alert", source: alert.source },
      incident: number,
      reason: alert.title,
      channel: null,
      key: `offer:${number}:${playbook.metadata.name}:${incident.episode}${after === undefined ? "" : `:${after}`}`,
    });
    await db.transaction().execute((trx) => voidReplaced(trx, stored, now()));
    // What it could not do by itself it does not try again: people decide.
    if (after === undefined && playbook.on_alert?.mode === "auto" && stored.status === "waiting")
      await start(stored, playbook);
    // Somebody may have been faster while it was planned.
    const run = await overtakenBy(db, trouble(incident, alert));
    if (run) await db.transaction().execute((trx) => voidOvertaken(trx, run.number, now()));
    await incidents.refresh(number);
  }

  /** Where it may not run by itself it stays a proposal. */
  async function start(stored: StoredPlan, playbook: Playbook): Promise<void> {
    try {
      await startAlone(stored, playbook);
    } catch (err) {
      if (!isUserError(err)) throw err;
      log.info({ err, plan: stored.number, why: err.why }, "proposed instead of run by itself");
    }
  }

  /** One that is over by now proposes nothing, unless another of its name goes on. */
  async function firesStill(incident: Incident, { status, title }: Row<"alert">): Promise<boolean> {
    return status === "firing" || (await firingIn(db, incident)).some((other) => other.title === title);
  }

  /** A proposal that nobody has taken up is still there. */
  async function waitsStill(incident: number, playbook: string): Promise<boolean> {
    return (await waitingPlans(db, incident)).some(
      (stored) => stored.plan.actor.kind !== "person" && stored.plan.playbook.name === playbook,
    );
  }

  /** What to work out for an alert now; undefined: it needs no fix any more. */
  async function needOf({ incident: number, alert: id }: Subject): Promise<[About, Alert] | undefined> {
    const incident = await incidentByNumber(db, number);
    const row = await alertById(db, id);
    if (!row || !incident || incident.app === null || incident.status === "resolved") return undefined;
    const about = { ...incident, app: incident.app };
    if (!(await firesStill(incident, row))) return undefined;
    return (await overtakenBy(db, trouble(about, row.body))) ? undefined : [about, row.body];
  }

  return async (given) => {
    const subject = subjectOf(given);
    const need = await needOf(subject);
    if (!need) return undefined;
    const [incident, alert] = need;
    const { again } = subject;
    let isUnreachable = false;
    for (const playbook of playbooks().values()) {
      const { name } = playbook.metadata;
      if (!fits(playbook, alert)) continue;
      if (again !== undefined && (name !== again.playbook || (await waitsStill(incident.number, name))))
        continue;
      try {
        await plan(playbook, incident, alert, again?.after);
      } catch (err) {
        isUnreachable ||= isError(err, "ClusterUnreachable");
        const about = { err, incident: incident.number, playbook: name };
        log[isUserError(err) || isUnreachable ? "info" : "error"](about, "no fix offered");
      }
    }
    return isUnreachable ? addMilliseconds(now(), AGAIN_AFTER) : undefined;
  };
}
