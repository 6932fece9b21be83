import type { Incident } from "../../domain/incident.ts";
import type { FactOf } from "../../domain/timeline.ts";
import type { Queries } from "../../store/database.ts";
import { outboxByKey } from "../../store/outbox.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Actor } from "../../domain/actor.ts";
import { isSlackUser } from "../people.ts";
import { pageKeys, show, tellPager } from "../record.ts";
import { type Call, callsOf } from "./calls.ts";
import { callView } from "./call-view.ts";

/** What an outbox row, and everything else of one call, is keyed by. */
export function callKey(incident: number, call: number): string {
  return `incident:${incident}:call:${call}`;
}

/** What PagerDuty knows the page of a call by. */
export function callPageKey(incident: number, call: number): string {
  return `${pageKeys.call}${incident}-${call}`;
}

function pageEndKey(incident: number, call: number): string {
  return `${callKey(incident, call)}:page-end`;
}

interface CallRef {
  incident: number;
  call: number;
}

/** The incident and the call that a page of ours is for; null: it is for none. */
export function callOfPage(dedupKey: string): CallRef | null {
  const [, incident, call] = new RegExp(`^${pageKeys.call}(\\d{1,9})-(\\d{1,9})$`).exec(dedupKey) ?? [];
  return incident === undefined ? null : { incident: Number(incident), call: Number(call) };
}

/** Stores the message of a call as it stands. */
export async function showCall(trx: Queries, incident: Incident, call: Call, at: Date): Promise<void> {
  const { number } = incident;
  await show(
    trx,
    { key: callKey(number, call.call), about: number },
    { do: "post", channel: { incident: number }, view: callView(call, incident) },
    at,
  );
}

/** What somebody was paged for is over: their phone need not ring on. */
async function endPage(
  trx: Queries,
  { number }: Incident,
  { call, page }: Call,
  { by, at }: { by: Actor; at: Date },
): Promise<void> {
  if (!page || (await outboxByKey(trx, `${callKey(number, call)}:page`)) === undefined) return;
  const person = by.kind === "person" && isSlackUser(by.id) ? { slack: by.id, name: by.name } : null;
  await tellPager(
    trx,
    { key: pageEndKey(number, call), about: number },
    { do: "end-page", dedupKey: callPageKey(number, call), by: person },
    at,
  );
}

/** Whether crai itself has ended the page of a call: that PagerDuty has it resolved then is nobody's answer. */
export async function isPageEnded(db: Queries, { incident, call }: CallRef): Promise<boolean> {
  return (await outboxByKey(db, pageEndKey(incident, call))) !== undefined;
}

export interface Answer {
  actor: Actor;
  /** Who answers, by name. */
  by: string;
  how: FactOf<"escalation.answered">["how"];
  at: Date;
}

/** Records that a call is answered, and shows it; the row of the incident must be locked. */
export async function answerCall(
  trx: Queries,
  incident: Incident,
  call: Call,
  answer: Answer,
): Promise<void> {
  if (call.answered !== null) return;
  const { actor, by, how, at } = answer;
  await appendEntry(trx, {
    stream: `incident:${incident.number}`,
    at,
    key: `escalation.answered:${call.call}`,
    actor,
    fact: { kind: "escalation.answered", call: call.call, to: call.to, by, how },
  });
  if (how !== "PagerDuty") await endPage(trx, incident, call, { by: actor, at });
  await showCall(trx, incident, { ...call, answered: { by, how, at } }, at);
}

/** Somebody acknowledges the incident: the chain need not be climbed further, nor called people be waited for. */
export async function acknowledgeCalls(trx: Queries, incident: Incident, answer: Answer): Promise<void> {
  const { actor } = answer;
  for (const call of await callsOf(trx, incident.number)) {
    const isCalled = actor.kind === "person" && call.people.some(({ id }) => id === actor.id);
    if (call.answered === null && (call.level !== null || isCalled))
      await answerCall(trx, incident, call, answer);
  }
}

/** The incident is over: nobody is called for it any longer. */
export async function endCalls(
  trx: Queries,
  incident: Incident,
  { actor, at }: Pick<Answer, "actor" | "at">,
): Promise<void> {
  for (const call of await callsOf(trx, incident.number)) {
    await endPage(trx, incident, call, { by: actor, at });
    if (call.answered === null) await showCall(trx, incident, call, at);
  }
}
