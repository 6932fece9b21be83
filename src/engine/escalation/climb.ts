import type { Actor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Database, Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { appendEntry, latestOf } from "../../store/timeline.ts";
import { say } from "../record.ts";
import { unansweredView } from "./call-view.ts";
import { type Call, callsOf } from "./calls.ts";
import type { Asked } from "./place-call.ts";
import { callKey, showCall } from "./show-call.ts";
import { chainOf } from "./targets.ts";

export interface ClimbOptions {
  db: Database;
  config: Pick<Config, "apps" | "contacts" | "escalation">;
  call: (incident: number, asked: Asked) => Promise<unknown>;
  locked: Locked;
  now: Clock;
}

/** Works on an incident with its row locked, and its calls as they are then. */
export type Locked = <Value>(
  incident: number,
  work: (trx: Queries, incident: Incident, calls: Call[]) => Promise<Value>,
) => Promise<Value>;

const itself: Actor = { kind: "observer" };

/** What happens by itself when nobody answers. */
export function createClimb({ db, config, call, locked, now }: ClimbOptions) {
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
    due,

    async begin(number: number): Promise<undefined> {
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
  { number, episode, severity }: Pick<Incident, "number" | "episode" | "severity">,
  dueAt: Date,
): Promise<void> {
  await setDeadline(trx, {
    key: `incident:${number}:escalation:${episode}:${severity}`,
    kind: "incident.escalation",
    subject: { incident: number },
    dueAt,
  });
}
