import type { Attachment, View } from "../../../domain/view.ts";
import type { SlackMessage } from "../../../engine/ports.ts";
import { keepReceipt, markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { failureOf, failureText, refusalCode } from "../failure.ts";
import { attach } from "./attach.ts";
import { sendView } from "./content.ts";
import { findOwn, metadataOf, type Standing } from "./find-own.ts";
import { calling, type Courier, delivered, type Outcome, postMessage, Undeliverable } from "./outcome.ts";
import { channelOf, directChannel, notYet, threadOf } from "./places.ts";
import { respond } from "./response-url.ts";

/** How a receipt says that a message went out through a response URL: it has no ts and cannot be edited. */
const viaUrl = "response_url";

interface Letter {
  view: View;
  channel: string;
  thread: string | undefined;
  responseUrl?: string;
  pin?: boolean;
  attachments?: readonly Attachment[];
}

/** The root was deleted: what was to stand under it stands in the channel. */
const threadGone = new Set(["thread_not_found", "cannot_reply_to_message"]);

async function postNew(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Standing> {
  const { channel, thread, view } = letter;
  // From here until the answer nobody knows whether it stands there; a restart sees that it must look.
  await keepReceipt(courier.db, row.id, { channel });
  try {
    const at = await sendView(courier, { view, outboxId: row.id }, (rendered) =>
      postMessage(courier, { ...rendered, channel, thread, metadata: metadataOf(row) }),
    );
    return { ...at, version: row.version };
  } catch (error) {
    const failure = failureOf(error);
    // A clear no: it does not stand there.
    if (failure !== undefined && failure.kind !== "uncertain") await keepReceipt(courier.db, row.id, null);
    if (thread === undefined || !threadGone.has(refusalCode(error) ?? "")) throw error;
    return postNew(courier, row, { ...letter, thread: undefined });
  }
}

async function edit(courier: Courier, row: Row<"outbox">, at: Standing, view: View): Promise<Standing> {
  await sendView(courier, { view, outboxId: row.id }, ({ text, blocks }) =>
    calling(courier, { method: "chat.update" }, () =>
      courier.client.chat.update({
        channel: at.channel,
        ts: at.ts,
        text,
        blocks,
        metadata: metadataOf(row),
        parse: "none",
        link_names: false,
      }),
    ),
  );
  return { ...at, version: row.version };
}

/** The message as it stands in Slack now, in whatever version; undefined: nowhere. */
async function standingNow(
  courier: Courier,
  row: Row<"outbox">,
  letter: Letter,
): Promise<Standing | undefined> {
  const { receipt } = row;
  if (receipt === null) return undefined;
  const { channel, ts, version } = receipt;
  if (channel !== undefined && ts !== undefined) return { channel, ts, version: version ?? 0 };
  return findOwn(courier, row, { channel: channel ?? letter.channel, thread: letter.thread });
}

/** Brings the message to this version, by editing it where it stands, else by posting it. */
async function bringUp(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Standing> {
  const standing = await standingNow(courier, row, letter);
  if (standing === undefined) return postNew(courier, row, letter);
  if (standing.version === row.version) return standing;
  try {
    return await edit(courier, row, standing, letter.view);
  } catch (error) {
    // Somebody deleted it.
    if (refusalCode(error) !== "message_not_found") throw error;
    return postNew(courier, row, letter);
  }
}

async function pin(courier: Courier, { channel, ts }: Standing): Promise<void> {
  try {
    courier.pace.spend({ method: "pins.add" });
    await calling(courier, { method: "pins.add" }, () => courier.client.pins.add({ channel, timestamp: ts }));
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "refused") throw error;
    if (failure.code !== "already_pinned")
      courier.log.warn({ channel, why: failureText(failure) }, "a message could not be pinned");
  }
}

/** Slack does not let crai into this channel, or into any more. */
const notInside = new Set(["channel_not_found", "not_in_channel"]);

/**
 * Through the URL of the command it answers: it shows in the channel, though crai is not in it. At most once a version,
 * because nothing of it can be found again.
 */
async function postOutside(
  courier: Courier,
  row: Row<"outbox">,
  letter: Letter & { responseUrl: string },
): Promise<Outcome> {
  const ms = courier.pace.take({ method: "response_url", of: String(row.id) });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const receipt = { channel: letter.channel, id: viaUrl, version: row.version };
  await keepReceipt(courier.db, row.id, receipt);
  try {
    await sendView(courier, { view: letter.view, outboxId: row.id }, (rendered) =>
      respond(courier, letter.responseUrl, rendered, { inChannel: true, thread: letter.thread }),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind === "refused")
      throw new Undeliverable(`crai is not in ${letter.channel}: invite it there (${failure.code})`);
    if (failure?.kind === "uncertain") courier.log.warn({ outbox: row.id }, "an answer may not have arrived");
    else {
      await keepReceipt(courier.db, row.id, { channel: letter.channel, id: viaUrl });
      throw error;
    }
  }
  await markDelivered(courier.db, row, receipt);
  return delivered;
}

/** What comes with a message besides its text: a pin for each new posting, files once. */
async function complete(
  courier: Courier,
  row: Row<"outbox">,
  { pin: pinned, attachments = [], thread }: Letter,
  standing: Standing,
): Promise<void> {
  const isFirst = row.delivered_version === 0;
  const toPin = pinned === true && (isFirst || row.receipt?.ts !== standing.ts);
  const files = isFirst ? attachments : [];
  if (!toPin && files.length === 0) return;
  await keepReceipt(courier.db, row.id, { ...standing });
  if (toPin) await pin(courier, standing);
  const shelf = { channel: standing.channel, thread, after: standing.ts };
  await attach(courier, files, shelf, row.receipt !== null);
}

/** Posts a message, or brings one that stands in Slack up to date. */
async function deliverLetter(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Outcome> {
  const { receipt } = row;
  const { responseUrl, channel } = letter;
  if (receipt?.id === viaUrl && responseUrl !== undefined) {
    if (receipt.version !== row.version) return postOutside(courier, row, { ...letter, responseUrl });
    await markDelivered(courier.db, row, receipt);
    return delivered;
  }
  const call =
    receipt?.ts === undefined ? { method: "chat.postMessage", of: channel } : { method: "chat.update" };
  const ms = courier.pace.take(call);
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  try {
    const standing = await bringUp(courier, row, letter);
    await complete(courier, row, letter, standing);
    await markDelivered(courier.db, row, { ...standing });
    return delivered;
  } catch (error) {
    if (responseUrl === undefined || !notInside.has(refusalCode(error) ?? "")) throw error;
    return postOutside(courier, row, { ...letter, responseUrl });
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
  const { view, responseUrl, pin, attachments } = message;
  return deliverLetter(courier, row, {
    view,
    channel,
    thread: thread.ts,
    ...(responseUrl === undefined ? {} : { responseUrl }),
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
