import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Actor, Person } from "../../domain/actor.ts";
import { actorName } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { UserError } from "../../domain/errors.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Database, Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentByNumber, lockIncident } from "../../store/incidents.ts";
import { appendEntry, entryByKey, latestOf } from "../../store/timeline.ts";
import { isSlackUser } from "../people.ts";
import { say, tellPager } from "../record.ts";
import { unansweredView } from "./call-view.ts";
import { type Call, callsOf } from "./calls.ts";
import type { FindReach, Reach } from "./reach.ts";
import { answerCall, callKey, callOfPage, callPageKey, showCall } from "./show-call.ts";
import { chainOf, findTarget, type Target } from "./targets.ts";

/** What is asked for; `who` is a name, or somebody who was mentioned; null: whoever is next in the chain. */
interface Asked {
  who: string | Person | null;
  reason: string | null;
  actor: Actor;
  /** The same cause again finds the call that it made. */
  cause: string;
}

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

const itself: Actor = { kind: "observer" };

export function createEscalations({ db, reach, config, wakeOutbox, now }: EscalationsOptions): Escalations {
  const after = config.deadlines.escalate;

  /** The incident with its row locked, and its calls as they are then. */
  async function locked<Value>(
    number: number,
    work: (trx: Queries, incident: Incident, calls: Call[]) => Promise<Value>,
  ): Promise<Value> {
    const value = await db.transaction().execute(async (trx) => {
      const incident = await lockIncident(trx, number);
      if (!incident) throw new Error(`No incident ${number}`);
      return work(trx, incident, await callsOf(trx, number));
    });
    wakeOutbox();
    return value;
  }

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
    throw new UserError("The whole chain is called already, or is you.", {
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

  async function record(
    trx: Queries,
    incident: Incident,
    { target, reached, asked, call }: { target: Target; reached: Reach; asked: Asked; call: number },
  ): Promise<Call> {
    const at = now();
    const { actor, reason, cause } = asked;
    const fact = {
      kind: "escalation.called",
      call,
      to: target.title,
      level: target.level,
      people: reached.people,
      page: reached.page !== null,
      byHand: reached.byHand,
      doubts: reached.doubts,
      reason,
      until: addMilliseconds(at, after).toISOString(),
      next: target.next,
    } as const;
    const key = `escalation.called:${cause}`;
    await appendEntry(trx, { stream: `incident:${incident.number}`, at, key, actor, fact });
    const { kind: _, ...called } = fact;
    return { ...called, at, actor, paged: null, answered: null, unanswered: null };
  }

  async function page(trx: Queries, incident: Incident, call: Call, to: Reach["page"]): Promise<void> {
    if (to === null) return;
    const { number, severity, channelName, app, title } = incident;
    const by = actorName(call.actor);
    const because = call.reason === null || isConfidential(incident.kind) ? "" : `: ${call.reason}`;
    await tellPager(
      trx,
      { key: `${callKey(number, call.call)}:page`, about: number },
      {
        do: "page",
        ...to,
        title: `You are called into a ${severity}${app === null ? "" : ` of ${app}`}: ${title}`,
        discreet: `You are called into ${channelName}`,
        body: `${by} calls ${call.to} into #${channelName}${because}. Acknowledge here, or in Slack.`,
        dedupKey: callPageKey(number, call.call),
      },
      now(),
    );
  }

  async function callOne(
    trx: Queries,
    incident: Incident,
    { call, to }: { call: Call; to: Reach["page"] },
  ): Promise<void> {
    const { number } = incident;
    await page(trx, incident, call, to);
    for (const { id } of call.people)
      if (id !== null && isSlackUser(id))
        await say(
          trx,
          { key: `incident:${number}:invite:${id}`, about: number },
          { do: "invite", channel: { incident: number }, users: [id] },
          now(),
        );
    await setDeadline(trx, {
      key: callKey(number, call.call),
      kind: "escalation.due",
      subject: { incident: number, call: call.call },
      dueAt: addMilliseconds(now(), after),
    });
    await showCall(trx, incident, call, now());
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
      const made = await record(trx, incident, { target, reached, asked, call: calls.length + 1 });
      await callOne(trx, incident, { call: made, to: reached.page });
      return made;
    });
  }

  /** Told in a message of its own: an edit of the call's would notify nobody. */
  async function sayUnanswered(trx: Queries, incident: Incident, unanswered: Call): Promise<void> {
    const { number } = incident;
    const [first] = chainOf(config, incident.app);
    const fallback = unanswered.next ?? (unanswered.level === null ? (first?.title ?? null) : null);
    await say(
      trx,
      { key: `${callKey(number, unanswered.call)}:unanswered`, about: number },
      { do: "post", channel: { incident: number }, view: unansweredView(unanswered, fallback) },
      now(),
    );
  }

  async function due(number: number, which: number): Promise<undefined> {
    const next = await locked(number, async (trx, incident, calls) => {
      const late = calls.find((one) => one.call === which);
      if (!late || late.answered !== null || incident.status === "resolved") return null;
      const goesOn = late.next !== null && incident.status === "open" && !isConfidential(incident.kind);
      const title = goesOn ? late.next : null;
      if (late.unanswered === null) {
        await appendEntry(trx, {
          stream: `incident:${number}`,
          at: now(),
          key: `escalation.unanswered:${which}`,
          actor: itself,
          fact: { kind: "escalation.unanswered", call: which, to: late.to, next: title },
        });
        await showCall(trx, incident, { ...late, unanswered: { at: now(), next: title } }, now());
        if (title === null) await sayUnanswered(trx, incident, late);
      }
      const isCalled = calls.some((one) => one.to === title && one.at >= incident.episodeAt);
      return isCalled ? null : title;
    });
    if (next === null) return undefined;
    const cause = `${callKey(number, which)}:next`;
    await call(number, { who: next, reason: "nobody answered before", actor: itself, cause });
    return undefined;
  }

  /** Whether anybody has said since its trouble began that they are on it. */
  async function isTaken({ number, episodeAt }: Incident): Promise<boolean> {
    const last = await latestOf(db, `incident:${number}`, "incident.acknowledged");
    return last !== undefined && last.at >= episodeAt;
  }

  return {
    call,
    due,

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

    async begin(number) {
      const incident = await incidentByNumber(db, number);
      if (!incident || incident.status !== "open" || isConfidential(incident.kind)) return undefined;
      const { severity, episode, episodeAt, pagerdutyIncident } = incident;
      const wakes = severity === "sev1" || severity === "sev2";
      if (!wakes || pagerdutyIncident !== null || (await isTaken(incident))) return undefined;
      const called = (await callsOf(db, number)).some(({ at, level }) => level !== null && at >= episodeAt);
      if (called) return undefined;
      const cause = `escalation:${episode}`;
      const reason = "nobody has acknowledged it, and PagerDuty does not know of it";
      await call(number, {
        who: chainOf(config, incident.app)[0]?.title ?? null,
        reason,
        actor: itself,
        cause,
      });
      return undefined;
    },
  };
}

/** When the chain begins by itself for what is open, unless somebody is on it by then. */
export async function setEscalation(
  trx: Queries,
  { number, episode }: Pick<Incident, "number" | "episode">,
  dueAt: Date,
): Promise<void> {
  await setDeadline(trx, {
    key: `incident:${number}:escalation:${episode}`,
    kind: "incident.escalation",
    subject: { incident: number },
    dueAt,
  });
}
