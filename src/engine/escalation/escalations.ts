import { type Actor, actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { UserError } from "../../domain/errors.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber, lockIncident } from "../../store/incidents.ts";
import { appendEntry, entryByKey } from "../../store/timeline.ts";
import { type Call, callsOf } from "./calls.ts";
import { createClimb, type Locked } from "./climb.ts";
import { type Asked, placeCall } from "./place-call.ts";
import type { FindReach, Reach } from "./reach.ts";
import { answerCall, callOfPage, showCall } from "./show-call.ts";
import { chainOf, findTarget, type Target } from "./targets.ts";

/** Calls people in: PagerDuty pages them, they are invited and mentioned, and somebody else is called when they do not answer. */
export interface Escalations {
  call(incident: number, asked: Asked): Promise<Call>;
  /** Somebody takes a call. Throws a UserError when there is no such one, or it is answered. */
  take(incident: number, call: number, act: Pick<Asked, "actor">): Promise<Call>;
  /** PagerDuty says that its page was answered. */
  heard(incident: number, call: number, by: string): Promise<void>;
  /** PagerDuty has taken a page (`why` null), or refused it for good. */
  paged(dedupKey: string, why: string | null): Promise<void>;
  /** The time for an answer is over. */
  due(incident: number, call: number): Promise<undefined>;
  /** Begins the chain by itself, unless PagerDuty knows of the incident or somebody is on it. */
  begin(incident: number): Promise<undefined>;
}

export interface EscalationsOptions {
  db: Database;
  reach: FindReach;
  config: Pick<Config, "apps" | "contacts" | "escalation" | "deadlines">;
  wakeOutbox: () => void;
  now: Clock;
}

export function createEscalations({ db, reach, config, wakeOutbox, now }: EscalationsOptions): Escalations {
  const after = config.deadlines.escalate;

  const locked: Locked = async (number, work) => {
    const value = await db.transaction().execute(async (trx) => {
      const incident = await lockIncident(trx, number);
      if (!incident) throw new Error(`No incident ${number}`);
      return work(trx, incident, await callsOf(trx, number));
    });
    wakeOutbox();
    return value;
  };

  /** The first level that is not waited for already, and that is not only the one who asks. */
  async function nextLevel(
    { app, number, episodeAt }: Incident,
    { actor }: Asked,
  ): Promise<{ target: Target; reached: Reach }> {
    const chain = chainOf(config, app);
    if (chain.length === 0)
      throw new UserError("Whom shall crai call?", {
        why: "crai.yaml has no `escalation`, the chain that is climbed when nobody is named.",
        next: `Name one of its contacts: ${Object.keys(config.contacts).join(", ") || "it has none either"}.`,
      });
    const called = (await callsOf(db, number)).filter(({ at }) => at >= episodeAt);
    const from = Math.max(-1, ...called.map(({ level }) => level ?? -1)) + 1;
    for (const target of chain.slice(from)) {
      const reached = await reach(target, app);
      const others = reached.people.filter(({ id }) => actor.kind !== "person" || id !== actor.id);
      if (others.length > 0 || reached.people.length === 0) return { target, reached };
    }
    throw new UserError("Everybody in the chain has been called already, or it is you.", {
      why: `It ends with ${chain.at(-1)!.title}.`,
      next: "Name a contact or mention a person; `oncall` shows how they are reached by hand.",
    });
  }

  async function targetOf(incident: Incident, asked: Asked): Promise<{ target: Target; reached: Reach }> {
    const { who } = asked;
    if (who === null) return nextLevel(incident, asked);
    const target: Target =
      typeof who === "string"
        ? findTarget(config, incident.app, who)
        : { title: who.name, level: null, schedules: [], contact: null, person: who.id, next: null };
    return { target, reached: await reach(target, incident.app) };
  }

  function refuseAgain({ to, at, until }: Call): UserError {
    return new UserError(`${to} is called already.`, {
      why: `That was at ${at.toISOString().slice(11, 16)} UTC, and there is time to answer until ${until.slice(11, 16)} UTC.`,
      next: "`escalate` without a name calls the next level.",
    });
  }

  async function call(number: number, asked: Asked): Promise<Call> {
    const before = await incidentByNumber(db, number);
    if (!before) throw new Error(`No incident ${number}`);
    const known = await entryByKey(db, `incident:${number}`, `escalation.called:${asked.cause}`);
    if (known?.fact.kind === "escalation.called") {
      const { call: made } = known.fact;
      return (await callsOf(db, number)).find((one) => one.call === made)!;
    }
    if (before.status === "resolved")
      throw new UserError(`${before.channelName} is resolved.`, {
        why: "Nobody is called into what is over.",
        next: "`reopen` opens it again.",
      });
    const { target, reached } = await targetOf(before, asked);
    return locked(number, async (trx, incident, calls) => {
      const open = calls.find(
        ({ to, answered, unanswered }) => to === target.title && answered === null && unanswered === null,
      );
      if (open) throw refuseAgain(open);
      const call = calls.length + 1;
      return placeCall(trx, incident, { asked, target, reached, call, after, at: now() });
    });
  }

  return {
    call,
    ...createClimb({ db, config, call, locked, now }),

    take: (number, which, { actor }) =>
      locked(number, async (trx, incident, calls) => {
        const found = calls.find((one) => one.call === which);
        if (found === undefined || found.answered !== null)
          throw new UserError(
            found === undefined ? `There is no call ${which}.` : `${found.to} has answered already.`,
            {
              why:
                found?.answered == null
                  ? `In ${incident.channelName} there were ${calls.length}.`
                  : `${found.answered.by} is on it since ${found.answered.at.toISOString().slice(11, 16)} UTC.`,
              next: "`timeline` shows who was called.",
            },
          );
        await answerCall(trx, incident, found, { actor, by: actorName(actor), how: "taken", at: now() });
        return found;
      }),

    heard: (number, which, by) =>
      locked(number, async (trx, incident, calls) => {
        const found = calls.find((one) => one.call === which);
        const actor: Actor = { kind: "alert", source: "pagerduty" };
        if (found) await answerCall(trx, incident, found, { actor, by, how: "PagerDuty", at: now() });
      }),

    async paged(dedupKey, why) {
      const about = callOfPage(dedupKey);
      if (about === null) return;
      const { incident: number, call: which } = about;
      await locked(number, async (trx, incident, calls) => {
        const found = calls.find((one) => one.call === which);
        if (!found) return;
        await appendEntry(trx, {
          stream: `incident:${number}`,
          at: now(),
          key: `escalation.paged:${which}`,
          actor: { kind: "alert", source: "pagerduty" },
          fact: { kind: "escalation.paged", call: which, to: found.to, why },
        });
        await showCall(trx, incident, { ...found, paged: { why } }, now());
      });
    },
  };
}
