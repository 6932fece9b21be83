import { line } from "../../../engine/page.ts";
import type { Elsewhere, SlackMessage } from "../../../engine/ports.ts";
import type { Inline, View } from "../../../domain/view.ts";
import { markDelivered, putLatest, putOnce } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { refusalCode } from "../failure.ts";
import type { Standing } from "./find-own.ts";
import { bringUp, complete, type Letter } from "./letter.ts";
import { type Courier, delivered, type Outcome } from "./outcome.ts";
import { directChannel } from "./places.ts";

/** How a receipt says that a message stands elsewhere, for good: its next versions are edits there. */
export const movedOut = "elsewhere";

/** Where others see it too. A second message, kept up to date by a row of its own. */
async function copy(courier: Courier, row: Row<"outbox">, view: View, channel: string): Promise<void> {
  const message: SlackMessage = { do: "post", channel: { id: channel }, view };
  const lane = `channel:${channel}`;
  await putLatest(courier.db, {
    key: `${row.key}:copy`,
    system: "slack",
    lane,
    message,
    at: courier.now(),
  });
}

async function linkTo(courier: Courier, { channel, ts }: Standing): Promise<string | undefined> {
  try {
    return (await courier.client.chat.getPermalink({ channel, message_ts: ts })).permalink;
  } catch (error) {
    if (refusalCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Tells who asked, where they asked, so that nobody waits in front of an empty channel. */
async function tellWhere(
  courier: Courier,
  row: Row<"outbox">,
  letter: Letter & { elsewhere: Elsewhere },
  standing: Standing,
): Promise<void> {
  const { db, now } = courier;
  const { user, responseUrl, channel: others } = letter.elsewhere;
  if (responseUrl === undefined) return;
  const link = await linkTo(courier, standing);
  const there = "our direct messages";
  const text: Inline[] = [
    `${letter.view.summary}. I cannot post here: it stands in `,
    link === undefined ? there : { link, text: there },
    ...(others === undefined ? [] : [" and in ", { channel: others, name: others }]),
    ". To have it here, invite me with ",
    { code: "/invite @crai" },
    " and ask again.",
  ];
  const message: SlackMessage = {
    do: "ephemeral",
    channel: letter.channel,
    user,
    view: { ...line(letter.view.summary), blocks: [{ type: "text", text }] },
    responseUrl,
    ...(letter.thread === undefined ? {} : { thread: letter.thread }),
  };
  await putOnce(db, {
    key: `${row.key}:where`,
    system: "slack",
    lane: `ephemeral:${user}`,
    message,
    at: now(),
  });
}

/** Posts a message, or keeps it up to date, in the direct messages of who asked for it. */
export async function deliverElsewhere(
  courier: Courier,
  row: Row<"outbox">,
  letter: Letter & { elsewhere: Elsewhere },
): Promise<Outcome> {
  const { user, channel: others } = letter.elsewhere;
  const isNew = row.receipt?.id !== movedOut;
  const direct = (isNew ? undefined : row.receipt?.channel) ?? (await directChannel(courier, user));
  const call = isNew ? { method: "chat.postMessage", of: direct } : { method: "chat.update" };
  const ms = courier.pace.take(call);
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const there: Letter = { ...letter, channel: direct, thread: undefined, pin: false };
  // What is known of it is about the place it was to stand in.
  const asNew = row.receipt?.channel === direct ? row : { ...row, receipt: null };
  const standing = await bringUp(courier, asNew, there);
  await complete(courier, asNew, there, standing);
  if (isNew) await tellWhere(courier, row, letter, standing);
  if (others !== undefined && others !== letter.channel) await copy(courier, row, letter.view, others);
  await markDelivered(courier.db, row, { ...standing, id: movedOut });
  return delivered;
}
