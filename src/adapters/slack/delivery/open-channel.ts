import type { Incident } from "../../../domain/incident.ts";
import type { SlackMessage } from "../../../engine/ports.ts";
import { incidentByNumber, updateIncident } from "../../../store/incidents.ts";
import { markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { appendEntry } from "../../../store/timeline.ts";
import { messageText, oneLine } from "../blocks/text.ts";
import { failureOf, failureText, refusalCode } from "../failure.ts";
import { noteClosed } from "./closed.ts";
import { calling, type Courier, delivered, type Outcome, Undeliverable } from "./outcome.ts";

type OpenChannel = SlackMessage & { do: "open-channel" };

interface Channel {
  id: string;
  name: string;
}

/** Channel names have at most 80 characters (conversations.create). */
const nameLength = 80;
const topicLength = 250;
/** Names tried before giving up: the name itself, then -2, -3 and so on. */
const tries = 20;
/** s; Slack's clock against ours. */
const skew = 300;

/** How a channel tells whose it is, also after crai has lost track of it. The time tells apart incidents of two databases. */
function markerOf(incident: Incident): string {
  const opened = incident.openedAt.toISOString().slice(0, 19).replace("T", " ");
  return `Incident ${incident.number}, opened ${opened} UTC. Kept by crai.`;
}

interface Listed {
  id?: string | undefined;
  name?: string | undefined;
  creator?: string | undefined;
  created?: number | undefined;
  is_archived?: boolean | undefined;
  purpose?: { value?: string | undefined } | undefined;
}

/** Made by crai for this incident: by its purpose, or made since and not yet marked (crai died in between). */
function isOurs(channel: Listed, incident: Incident, botUser: string): boolean {
  if (channel.creator !== botUser || channel.is_archived === true) return false;
  const purpose = channel.purpose?.value ?? "";
  if (purpose !== "") return purpose === markerOf(incident);
  return (channel.created ?? 0) >= incident.openedAt.getTime() / 1000 - skew;
}

/** The channel of this name that crai made for this incident before it was interrupted. */
async function findOurs(courier: Courier, name: string, incident: Incident): Promise<Channel | undefined> {
  const botUser = await courier.botUser();
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? {} : { cursor };
    const answer = await calling(courier, { method: "users.conversations" }, () =>
      courier.client.users.conversations({
        types: "public_channel,private_channel",
        exclude_archived: true,
        limit: 200,
        ...more,
      }),
    );
    const found = (answer.channels ?? []).find((one) => one.name === name);
    if (found !== undefined)
      return isOurs(found, incident, botUser) ? { id: found.id ?? "", name } : undefined;
    cursor = answer.response_metadata?.next_cursor;
  } while (cursor !== undefined && cursor !== "");
  return undefined;
}

async function createOrAdopt(courier: Courier, message: OpenChannel, incident: Incident): Promise<Channel> {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const suffix = attempt === 1 ? "" : `-${attempt}`;
    const name = message.name.slice(0, nameLength - suffix.length) + suffix;
    try {
      const { channel } = await calling(courier, { method: "conversations.create" }, () =>
        courier.client.conversations.create({ name, is_private: message.private }),
      );
      return { id: channel?.id ?? "", name: channel?.name ?? name };
    } catch (error) {
      if (refusalCode(error) !== "name_taken") throw error;
      const ours = await findOurs(courier, name, incident);
      if (ours !== undefined) return ours;
    }
  }
  throw new Undeliverable(`${tries} names like ${message.name} are taken`);
}

/** Without its channel all that an incident has to say waits: people must hear of it elsewhere. */
async function createOrTell(courier: Courier, message: OpenChannel, incident: Incident): Promise<Channel> {
  try {
    return await createOrAdopt(courier, message, incident);
  } catch (error) {
    const code = refusalCode(error);
    if (code !== undefined) await noteClosed(courier, { place: { incident: incident.number }, code });
    throw error;
  }
}

async function describe(courier: Courier, channel: Channel, topic: string, purpose: string): Promise<void> {
  const { client, pace } = courier;
  pace.spend({ method: "conversations.setPurpose" });
  await calling(courier, { method: "conversations.setPurpose" }, () =>
    client.conversations.setPurpose({ channel: channel.id, purpose }),
  );
  pace.spend({ method: "conversations.setTopic" });
  try {
    await calling(courier, { method: "conversations.setTopic" }, () =>
      client.conversations.setTopic({ channel: channel.id, topic: topicText(topic) }),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "refused") throw error;
    courier.log.warn({ channel: channel.id, why: failureText(failure) }, "a topic could not be set");
  }
}

export function topicText(topic: string): string {
  return messageText(oneLine(topic), topicLength);
}

/** Opens an incident's channel once, whatever happens in between; from then on everything else goes there. */
export async function deliverOpenChannel(
  courier: Courier,
  row: Row<"outbox">,
  message: OpenChannel,
): Promise<Outcome> {
  const { db, now } = courier;
  const incident = await incidentByNumber(db, message.incident);
  if (incident === undefined) throw new Undeliverable(`there is no incident ${message.incident}`);
  if (incident.channel !== null) {
    await markDelivered(db, row, { channel: incident.channel });
    return delivered;
  }
  const ms = courier.pace.take({ method: "conversations.create" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const channel = await createOrTell(courier, message, incident);
  await describe(courier, channel, message.topic, markerOf(incident));
  await db.transaction().execute(async (trx) => {
    await updateIncident(trx, incident.number, { channel: channel.id, channelName: channel.name });
    await appendEntry(trx, {
      stream: `incident:${incident.number}`,
      at: now(),
      key: `channel:${channel.id}`,
      actor: { kind: "observer" },
      fact: { kind: "channel.opened", channel: channel.id, name: channel.name },
    });
    await markDelivered(trx, row, { channel: channel.id });
  });
  return delivered;
}
