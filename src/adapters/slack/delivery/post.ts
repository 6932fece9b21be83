import type { SlackMessage } from "../../../engine/ports.ts";
import { markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { closedCode, inChannel, noteClosed } from "./closed.ts";
import { deliverElsewhere, movedOut } from "./elsewhere.ts";
import { bringUp, complete, type Letter } from "./letter.ts";
import { type Courier, delivered, type Outcome, Undeliverable } from "./outcome.ts";
import { postOutside, viaUrl } from "./outside.ts";
import { channelOf, directChannel, notYet, threadOf } from "./places.ts";

/** Posts a message where it belongs, or brings one that stands there up to date. */
async function deliverThere(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Outcome> {
  const call =
    row.receipt?.ts === undefined
      ? { method: "chat.postMessage", of: letter.channel }
      : { method: "chat.update" };
  const ms = courier.pace.take(call);
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const standing = await bringUp(courier, row, letter);
  await complete(courier, row, letter, standing);
  await markDelivered(courier.db, row, { ...standing });
  return delivered;
}

/** The URL that may carry a letter; files do not go through one. */
function urlOf({ responseUrl, attachments = [] }: Letter): string | undefined {
  return attachments.length === 0 ? responseUrl : undefined;
}

/** Where crai may not write: the URL of the command as long as it is good, then direct messages; else it waits. */
async function deliverAround(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Outcome> {
  const { elsewhere } = letter;
  const responseUrl = urlOf(letter);
  if (responseUrl !== undefined) {
    try {
      return await postOutside(courier, row, { ...letter, responseUrl });
    } catch (error) {
      if (!(error instanceof Undeliverable) || elsewhere === undefined) throw error;
    }
  }
  if (elsewhere !== undefined) return deliverElsewhere(courier, row, { ...letter, elsewhere });
  throw new Undeliverable(`crai may not write in ${letter.channel}`);
}

async function deliverLetter(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Outcome> {
  const { receipt } = row;
  const { elsewhere, channel } = letter;
  if (receipt?.id === movedOut && elsewhere !== undefined)
    return deliverElsewhere(courier, row, { ...letter, elsewhere });
  if (receipt?.id === viaUrl) {
    if (receipt.version !== row.version) return deliverAround(courier, row, letter);
    await markDelivered(courier.db, row, receipt);
    return delivered;
  }
  const url = urlOf(letter);
  const there = async (): Promise<Outcome> => deliverThere(courier, row, letter);
  try {
    // An answer that is said once needs nobody to come in for it.
    return await (url === undefined ? inChannel(courier, channel, there) : there());
  } catch (error) {
    const code = closedCode(error);
    if (code === undefined) throw error;
    if (url !== undefined || elsewhere !== undefined) return deliverAround(courier, row, letter);
    await noteClosed(courier, { place: { channel }, code });
    throw error;
  }
}

export async function deliverPost(
  courier: Courier,
  row: Row<"outbox">,
  message: SlackMessage & { do: "post" },
): Promise<Outcome> {
  const channel = await channelOf(courier, message.channel);
  const thread = await threadOf(courier, message);
  if (channel === undefined || thread.is === "not yet") return notYet;
  const { view, responseUrl, elsewhere, pin, attachments } = message;
  return deliverLetter(courier, row, {
    view,
    channel: thread.channel ?? channel,
    thread: thread.ts,
    ...(responseUrl === undefined ? {} : { responseUrl }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ...(pin === undefined ? {} : { pin }),
    ...(attachments === undefined ? {} : { attachments }),
  });
}

export async function deliverDirect(
  courier: Courier,
  row: Row<"outbox">,
  { user, view }: SlackMessage & { do: "direct" },
): Promise<Outcome> {
  const channel = row.receipt?.channel ?? (await directChannel(courier, user));
  return deliverLetter(courier, row, { view, channel, thread: undefined });
}
