import { addMilliseconds } from "date-fns/addMilliseconds";
import { type Actor, actorName, type Person } from "../../domain/actor.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { appendEntry } from "../../store/timeline.ts";
import { isSlackUser } from "../people.ts";
import { say, tellPager } from "../record.ts";
import type { Call } from "./calls.ts";
import type { Reach } from "./reach.ts";
import { callKey, callPageKey, showCall } from "./show-call.ts";
import type { Target } from "./targets.ts";

/** What is asked for; `who` is a name, or somebody who was mentioned; null: whoever is next in the chain. */
export interface Asked {
  who: string | Person | null;
  reason: string | null;
  actor: Actor;
  /** The same cause again finds the call that it made. */
  cause: string;
}

export interface Placing {
  asked: Asked;
  target: Target;
  reached: Reach;
  /** Its number in the incident. */
  call: number;
  /** ms until it counts as unanswered. */
  after: number;
  at: Date;
}

async function record(
  trx: Queries,
  incident: Incident,
  { target, reached, asked, call, after, at }: Placing,
): Promise<Call> {
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
  const because = call.reason === null || isConfidential(incident.kind) ? "" : `: ${call.reason}`;
  await tellPager(
    trx,
    { key: `${callKey(number, call.call)}:page`, about: number },
    {
      do: "page",
      ...to,
      title: `You are called into a ${severity}${app === null ? "" : ` of ${app}`}: ${title}`,
      discreet: `You are called into ${channelName}`,
      body: `${actorName(call.actor)} calls ${call.to} into #${channelName}${because}. Acknowledge here, or in Slack.`,
      dedupKey: callPageKey(number, call.call),
    },
    call.at,
  );
}

/** Records a call, then pages, invites and mentions; the row of the incident must be locked. */
export async function placeCall(trx: Queries, incident: Incident, placing: Placing): Promise<Call> {
  const { number } = incident;
  const { at, after, reached } = placing;
  const call = await record(trx, incident, placing);
  await page(trx, incident, call, reached.page);
  for (const { id } of call.people)
    if (id !== null && isSlackUser(id))
      await say(
        trx,
        { key: `incident:${number}:invite:${id}`, about: number },
        { do: "invite", channel: { incident: number }, users: [id] },
        at,
      );
  await setDeadline(trx, {
    key: callKey(number, call.call),
    kind: "escalation.due",
    subject: { incident: number, call: call.call },
    dueAt: addMilliseconds(at, after),
  });
  await showCall(trx, incident, call, at);
  return call;
}
