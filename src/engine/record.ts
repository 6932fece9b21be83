import { type Actor, actorKey } from "../domain/actor.ts";
import type { Stream } from "../domain/timeline.ts";
import type { Queries } from "../store/database.ts";
import { incidentByNumber } from "../store/incidents.ts";
import { putLatest, putOnce } from "../store/outbox.ts";
import { forPager, mayTell, withoutOthers } from "./audience.ts";
import { isSlackUser } from "./people.ts";
import type { ChannelRef, Elsewhere, PagerMessage, SlackMessage } from "./ports.ts";

/** A plan outside an incident, and its run, have a stream of their own. */
export function streamOf(incident: number | null, plan: number): Stream {
  return incident === null ? `plan:${plan}` : `incident:${incident}`;
}

function slackLane(message: SlackMessage): string {
  switch (message.do) {
    case "open-channel":
      return `incident:${message.incident}`;
    case "direct":
      return `user:${message.user}`;
    case "ephemeral":
      return `ephemeral:${message.user}`;
    case "home":
      return `home:${message.user}`;
    case "react":
      return `channel:${message.channel}`;
    case "post":
    case "invite":
    case "topic":
    case "rename":
      return "incident" in message.channel
        ? `incident:${message.channel.incident}`
        : `channel:${message.channel.id}`;
  }
}

/** Why something is said: `key` is its cause, `about` the incident it tells of; null: it tells of none. */
export interface Telling {
  key: string;
  about: number | null;
}

/** Every message passes here on its way out: one whose audience may not hear of the incident is never stored. */
async function heard<Message extends SlackMessage>(
  trx: Queries,
  about: number | null,
  message: Message,
): Promise<Message | null> {
  const incident = about === null ? undefined : await incidentByNumber(trx, about);
  if (incident === undefined) return message;
  return mayTell(incident, message) ? withoutOthers(incident, message) : null;
}

/** Says something once, whatever happens: stored now, delivered when Slack can be reached. */
export async function say(
  trx: Queries,
  { key, about }: Telling,
  wanted: SlackMessage,
  at: Date,
): Promise<void> {
  const message = await heard(trx, about, wanted);
  if (message === null) return;
  await putOnce(trx, { key, system: "slack", lane: slackLane(message), message, at });
}

/** Keeps one message at its latest state: posted the first time, edited afterwards. */
export async function show(
  trx: Queries,
  { key, about }: Telling,
  wanted: SlackMessage & { do: "post" },
  at: Date,
): Promise<void> {
  const message = await heard(trx, about, wanted);
  if (message === null) return;
  await putLatest(trx, { key, system: "slack", lane: slackLane(message), message, at });
}

export async function tellPager(
  trx: Queries,
  { key, about }: Telling,
  wanted: PagerMessage,
  at: Date,
): Promise<void> {
  const incident = about === null ? undefined : await incidentByNumber(trx, about);
  const message = incident === undefined ? wanted : forPager(incident, wanted);
  if (message === null) return;
  const lane = "pagerdutyIncident" in message ? message.pagerdutyIncident : message.dedupKey;
  await putOnce(trx, { key, system: "pagerduty", lane, message, at });
}

/** What PagerDuty knows our own pages by: for a second yes, and to call somebody into an incident. */
export const pageKeys = { plan: "crai-plan-", call: "crai-call-" } as const;

/** Where a plan and its run speak: the incident's channel, else where it was asked, else where outages are announced. */
export function placeOf(
  incident: number | null,
  channel: string | null,
  announce: string | undefined,
): ChannelRef | null {
  if (incident !== null) return { incident };
  const id = channel ?? announce;
  return id === undefined ? null : { id };
}

/** Where a plan and its run stand if crai may not write in their place; `others`: where more people must see them. */
export function elsewhereOf(
  actor: Actor,
  others: string | undefined,
  responseUrl?: string | null,
): { elsewhere?: Elsewhere } {
  const user = actorKey(actor);
  if (!isSlackUser(user)) return {};
  return {
    elsewhere: {
      user,
      ...(others !== undefined && { channel: others }),
      ...(typeof responseUrl === "string" && { responseUrl }),
    },
  };
}
