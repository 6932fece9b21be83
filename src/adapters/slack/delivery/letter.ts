import type { Attachment, View } from "../../../domain/view.ts";
import type { Elsewhere } from "../../../engine/ports.ts";
import { keepReceipt } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { failureOf, failureText, refusalCode } from "../failure.ts";
import { attach } from "./attach.ts";
import { sendView } from "./content.ts";
import { findOwn, metadataOf, type Standing } from "./find-own.ts";
import { calling, type Courier, postMessage } from "./outcome.ts";

/** A message with its place. */
export interface Letter {
  view: View;
  channel: string;
  thread: string | undefined;
  responseUrl?: string;
  elsewhere?: Elsewhere;
  pin?: boolean;
  attachments?: readonly Attachment[];
}

/** The root was deleted: what was to stand under it stands in the channel. */
const threadGone = new Set(["thread_not_found", "cannot_reply_to_message"]);

/** It cannot be brought up to date where it stands: deleted, or the workspace closes messages to edits after a while. */
const fixed = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

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
export async function bringUp(courier: Courier, row: Row<"outbox">, letter: Letter): Promise<Standing> {
  const standing = await standingNow(courier, row, letter);
  if (standing === undefined) return postNew(courier, row, letter);
  if (standing.version === row.version) return standing;
  try {
    return await edit(courier, row, standing, letter.view);
  } catch (error) {
    if (!fixed.has(refusalCode(error) ?? "")) throw error;
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

/** What comes with a message besides its text: a pin for each new posting, files once. */
export async function complete(
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
