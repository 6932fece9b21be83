import { addMilliseconds } from "date-fns/addMilliseconds";
import { type Actor, actorName, type Person, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import { UserError } from "../../domain/errors.ts";
import {
  type Incident,
  type IncidentKind,
  type IncidentRole,
  type IncidentVerb,
  incidentVerbs,
  isConfidential,
} from "../../domain/incident.ts";
import type { Severity } from "../../domain/severity.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Database, Queries } from "../../store/database.ts";
import { firingIn } from "../../store/alerts.ts";
import { setDeadline } from "../../store/deadlines.ts";
import {
  assignRole,
  type IncidentChange,
  incidentByKey,
  insertIncident,
  lockIncident,
  openOutage,
  updateIncident,
} from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry, latestOf } from "../../store/timeline.ts";
import { setEscalation } from "../escalation/climb.ts";
import { acknowledgeCalls, endCalls } from "../escalation/show-call.ts";
import { isSlackUser } from "../people.ts";
import { say, show, tellPager } from "../record.ts";
import { changedView } from "./change-view.ts";
import { incidentLine } from "./incident-card.ts";
import { offerDeadlines } from "./offer-deadlines.ts";
import { factBefore, refuseChange } from "./refuse-change.ts";
import type { ShowIncident } from "./show-incident.ts";

/** `cause` is what the effects are keyed by (invocation, delivery): the same cause again changes nothing. */
interface Act {
  actor: Actor;
  cause: string;
}

export interface Declaration extends Act {
  kind: IncidentKind;
  severity: Severity;
  title: string;
  app: string | null;
  environment: string | null;
  /** When users began to be hurt, as far as known (UTC). */
  detectedAt: Date;
  pagerdutyIncident: string | null;
}

/** What people and alerts do to incidents. Each appends to the timeline, then shows the card, in one transaction. */
export interface Incidents {
  /** Opens one, or returns the open outage that the app has already. The same cause again finds what it has opened. */
  declare(declaration: Declaration): Promise<{ incident: Incident; opened: boolean }>;
  /** Acknowledge, mitigate, resolve, reopen. `heard` = PagerDuty said so, so it is not told again. */
  change(
    verb: IncidentVerb,
    number: number,
    act: Act & { reason: string | null; heard?: boolean },
  ): Promise<Incident>;
  setSeverity(number: number, severity: Severity, act: Act & { reason: string | null }): Promise<Incident>;
  assignRole(number: number, role: IncidentRole, person: Person, act: Act): Promise<Incident>;
  note(number: number, text: string, act: Act & { link: string | null }): Promise<void>;
  /** Renders the card again from the record. */
  refresh(number: number): Promise<void>;
}

export interface IncidentsOptions {
  db: Database;
  showIncident: ShowIncident;
  /** Where outages are announced; confidential incidents never are. */
  announce: string | undefined;
  /** ms after which alerts that fire on are told of once more. */
  stillFiring: number;
  /** ms after which the chain is called for what nobody acknowledges; null: there is no chain. */
  escalate: number | null;
  wakeOutbox: () => void;
  now: Clock;
}

/** What each verb writes, and what PagerDuty is told. */
const verbFacts = {
  acknowledge: { fact: "incident.acknowledged", pager: "acknowledge" },
  mitigate: { fact: "incident.mitigated", pager: "note" },
  resolve: { fact: "incident.resolved", pager: "resolve" },
  reopen: { fact: "incident.reopened", pager: "reopen" },
} as const;

/** ms after the end of an incident at which its metrics are read: what followed is part of the picture. */
const READ_AFTER = 120_000;

/** What is recorded of a change: with the alerts that fire all the same, where it says that the trouble is over. */
function factOf(verb: IncidentVerb, reason: string | null, firing: readonly Row<"alert">[]): Fact {
  const kind = verbFacts[verb].fact;
  if ((kind !== "incident.mitigated" && kind !== "incident.resolved") || firing.length === 0)
    return { kind, reason };
  return { kind, reason, firing: [...new Set(firing.map(({ title }) => title))] };
}

/** Each time is stamped once. Reopening undoes the later ones, which the timeline keeps: its trouble begins anew. */
function timesAfter(verb: IncidentVerb, incident: Incident, at: Date): IncidentChange {
  const { stamps } = incidentVerbs[verb];
  if (stamps === null)
    return { mitigatedAt: null, resolvedAt: null, episode: incident.episode + 1, episodeAt: at };
  return {
    ...(incident[stamps] === null && { [stamps]: at }),
    ...(verb === "resolve" && incident.mitigatedAt === null && { mitigatedAt: at }),
  };
}

export function createIncidents({
  db,
  announce,
  showIncident,
  stillFiring,
  escalate,
  wakeOutbox,
  now,
}: IncidentsOptions): Incidents {
  async function record(trx: Queries, number: number, { actor, cause }: Act, fact: Fact): Promise<boolean> {
    const entry = await appendEntry(trx, {
      stream: `incident:${number}`,
      at: now(),
      key: `${fact.kind}:${cause}`,
      actor,
      fact,
    });
    return entry !== undefined;
  }

  /** One change: the row is locked, the fact appended, the card shown; all of it or none. */
  async function changing(
    number: number,
    change: (trx: Queries, incident: Incident) => Promise<Incident>,
  ): Promise<Incident> {
    const incident = await db.transaction().execute(async (trx) => {
      const before = await lockIncident(trx, number);
      if (!before)
        throw new UserError(`There is no incident ${number}.`, {
          why: "No incident has this number.",
          next: "`incident list` shows them.",
        });
      const after = await change(trx, before);
      await showEverywhere(trx, after);
      return after;
    });
    wakeOutbox();
    return incident;
  }

  async function openChannel(trx: Queries, incident: Incident): Promise<void> {
    const { number, channelName: name, title, severity, kind } = incident;
    const topic = isConfidential(kind)
      ? `${severity} ${kind}`
      : `${severity} ${incident.app ?? kind}: ${title}`;
    await say(
      trx,
      { key: `incident:${number}:channel`, about: number },
      { do: "open-channel", incident: number, name, private: isConfidential(kind), topic },
      now(),
    );
  }

  /** The card, and the one line where outages are announced. */
  async function showEverywhere(trx: Queries, incident: Incident): Promise<void> {
    const { number } = incident;
    await showIncident(trx, number);
    if (announce === undefined) return;
    await show(
      trx,
      { key: `incident:${number}:announced`, about: number },
      { do: "post", channel: { id: announce }, view: incidentLine(incident) },
      now(),
    );
  }

  async function waitForAnswer(trx: Queries, incident: Incident): Promise<void> {
    if (escalate !== null) await setEscalation(trx, incident, addMilliseconds(now(), escalate));
  }

  /** Whoever is called in need not be waited for, or is not needed any longer. */
  async function tellCalled(
    trx: Queries,
    incident: Incident,
    { verb, actor, reason }: { verb: IncidentVerb; actor: Actor; reason: string | null },
  ): Promise<void> {
    const at = now();
    const by = actor.kind === "alert" && reason !== null ? reason : actorName(actor);
    if (verb === "acknowledge") await acknowledgeCalls(trx, incident, { actor, by, how: "acknowledged", at });
    if (verb === "reopen") await waitForAnswer(trx, { ...incident, episode: incident.episode + 1 });
  }

  /** Whoever declares or takes a role is in the channel, also when it is private. */
  async function invite(trx: Queries, number: number, actor: Actor): Promise<void> {
    if (actor.kind !== "person" || !isSlackUser(actor.id)) return;
    await say(
      trx,
      { key: `incident:${number}:invited:${actor.id}`, about: number },
      { do: "invite", channel: { incident: number }, users: [actor.id] },
      now(),
    );
  }

  /** PagerDuty follows what people do here; what it said itself is not said back. */
  async function follow(
    trx: Queries,
    incident: Incident,
    verb: IncidentVerb,
    act: Act & { reason: string | null },
  ): Promise<void> {
    if (incident.pagerdutyIncident === null || act.actor.kind !== "person") return;
    const by = { slack: act.actor.id, name: act.actor.name };
    const { pager } = verbFacts[verb];
    const key = `incident:${incident.number}:${verb}:${act.cause}:pager`;
    const text = `Mitigated${act.reason === null ? "" : `: ${act.reason}`}`;
    const pagerdutyIncident = incident.pagerdutyIncident;
    await tellPager(
      trx,
      { key, about: incident.number },
      pager === "note" ? { do: "note", pagerdutyIncident, text, by } : { do: pager, pagerdutyIncident, by },
      now(),
    );
  }

  /** What fires goes on: a fix is offered for what is open again, and what is called over is looked at once more. */
  async function goOn(
    trx: Queries,
    { number: incident, episode }: Incident,
    { verb, cause, firing }: { verb: IncidentVerb; cause: string; firing: readonly Row<"alert">[] },
  ): Promise<void> {
    const status = incidentVerbs[verb].to;
    if (status === "resolved")
      await setDeadline(trx, {
        key: `incident:${incident}:readings:${cause}`,
        kind: "incident.readings",
        subject: { incident },
        dueAt: addMilliseconds(now(), READ_AFTER),
      });
    if (firing.length === 0 || status === null) return;
    const offers = offerDeadlines({ incident, episode: episode + 1, fired: firing, at: now() });
    const look = {
      key: `incident:${incident}:${verb}:${cause}:firing`,
      kind: "incident.firing",
      subject: { incident, status },
      dueAt: addMilliseconds(now(), stillFiring),
    };
    for (const deadline of status === "open" ? offers : [look]) await setDeadline(trx, deadline);
  }

  return {
    async declare({ actor, cause, ...wanted }) {
      const result = await db.transaction().execute(async (trx) => {
        const before = await incidentByKey(trx, cause);
        if (before) return { incident: before, opened: true };
        const opened = await insertIncident(trx, { ...wanted, key: cause, openedAt: now() });
        if (!opened)
          return {
            incident: await openOutage(trx, wanted.app ?? "", wanted.environment ?? ""),
            opened: false,
          };
        const { kind, severity, title, app, environment } = opened;
        await record(
          trx,
          opened.number,
          { actor, cause },
          { kind: "incident.opened", incidentKind: kind, severity, title, app, environment, cause },
        );
        await openChannel(trx, opened);
        await setDeadline(trx, {
          key: `incident:${opened.number}:gather`,
          kind: "incident.gather",
          subject: { incident: opened.number },
          dueAt: now(),
        });
        await waitForAnswer(trx, opened);
        await invite(trx, opened.number, actor);
        await showEverywhere(trx, opened);
        return { incident: opened, opened: true };
      });
      wakeOutbox();
      if (!result.incident)
        throw new UserError("The incident could not be opened.", {
          why: "Another one was resolved at the same moment.",
          next: "Try again.",
        });
      return { incident: result.incident, opened: result.opened };
    },

    async change(verb, number, act) {
      return changing(number, async (trx, incident) => {
        const { from, to } = incidentVerbs[verb];
        if (verb === "acknowledge" && incident.acknowledgedAt !== null && act.heard === true) return incident;
        const last = await latestOf(trx, `incident:${number}`, factBefore(verb, incident.status));
        const firing = await firingIn(trx, incident);
        // The same cause again, after a crash: it is done, and no refusal.
        if (!(await record(trx, number, act, factOf(verb, act.reason, firing)))) return incident;
        if (!(from as readonly string[]).includes(incident.status))
          throw refuseChange(verb, incident, { last, now: now() });
        const again = verb === "acknowledge" && last && sameActor(last.actor, act.actor);
        if (again && last.at >= incident.episodeAt) throw refuseChange(verb, incident, { last, now: now() });
        if (act.heard !== true) await follow(trx, incident, verb, act);
        await goOn(trx, incident, { verb, cause: act.cause, firing });
        await say(
          trx,
          { key: `incident:${number}:${verb}:${act.cause}`, about: number },
          {
            do: "post",
            channel: { incident: number },
            view: changedView(verb, { ...act, firing, now: now() }),
          },
          now(),
        );
        await tellCalled(trx, incident, { verb, actor: act.actor, reason: act.reason });
        const after = await updateIncident(trx, number, {
          ...(to !== null && { status: to }),
          ...timesAfter(verb, incident, now()),
        });
        if (verb === "resolve") await endCalls(trx, after, { actor: act.actor, at: now() });
        return after;
      });
    },

    async setSeverity(number, severity, act) {
      return changing(number, async (trx, incident) => {
        if (incident.severity === severity) return incident;
        if (
          !(await record(trx, number, act, {
            kind: "severity.changed",
            from: incident.severity,
            to: severity,
            reason: act.reason,
          }))
        )
          return incident;
        // What wakes nobody may become what does.
        await waitForAnswer(trx, { ...incident, severity });
        return updateIncident(trx, number, { severity });
      });
    },

    async assignRole(number, role, person, act) {
      return changing(number, async (trx, incident) => {
        if (
          !(await record(trx, number, act, {
            kind: "role.assigned",
            role,
            person: person.id,
            name: person.name,
          }))
        )
          return incident;
        await invite(trx, number, person);
        return assignRole(trx, number, role, person.id);
      });
    },

    async note(number, text, act) {
      await changing(number, async (trx, incident) => {
        await record(trx, number, act, { kind: "note.added", text, link: act.link });
        return incident;
      });
    },

    async refresh(number) {
      await changing(number, (_, incident) => Promise.resolve(incident));
    },
  };
}
