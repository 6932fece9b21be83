import type { Stream } from "../domain/timeline.ts";
import type { Queries } from "../store/database.ts";
import { putLatest, putOnce } from "../store/outbox.ts";
import type { ChannelRef, PagerMessage, SlackMessage } from "./ports.ts";

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

/** Says something once, whatever happens: stored now, delivered when Slack can be reached. */
export async function say(trx: Queries, key: string, message: SlackMessage, at: Date): Promise<void> {
  await putOnce(trx, { key, system: "slack", lane: slackLane(message), message, at });
}

/** Keeps one message at its latest state: posted the first time, edited afterwards. */
export async function show(
  trx: Queries,
  key: string,
  message: SlackMessage & { do: "post" },
  at: Date,
): Promise<void> {
  await putLatest(trx, { key, system: "slack", lane: slackLane(message), message, at });
}

export async function tellPager(trx: Queries, key: string, message: PagerMessage, at: Date): Promise<void> {
  const lane = "pagerdutyIncident" in message ? message.pagerdutyIncident : message.dedupKey;
  await putOnce(trx, { key, system: "pagerduty", lane, message, at });
}

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
