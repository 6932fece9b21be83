import type { Clock } from "../domain/clock.ts";
import type { Database } from "../store/database.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Dispatch } from "./dispatch.ts";
import type { SlackDelivery } from "./inbox.ts";
import type { SlackMessage } from "./ports.ts";
import { say } from "./record.ts";

/** Where an answer goes: to everybody in the place it was asked, or only to the asker. */
function messageOf({ view, to, attachments }: Reply, { actor, place }: Invocation): SlackMessage {
  const files = attachments === undefined ? {} : { attachments };
  const thread = place.thread === null ? {} : { thread: place.thread };
  const responseUrl = place.responseUrl === null ? {} : { responseUrl: place.responseUrl };
  if (place.channel === null) return { do: "direct", user: actor.id, view };
  if (to === "channel")
    return { do: "post", channel: { id: place.channel }, view, ...thread, ...responseUrl, ...files };
  return {
    do: "ephemeral",
    channel: place.channel,
    user: actor.id,
    view,
    ...thread,
    ...responseUrl,
    ...files,
  };
}

/** Carries an invocation out and stores its answer; called again after a crash, it answers once. */
export function createAnswerer({
  db,
  dispatch,
  wakeOutbox,
  now,
}: {
  db: Database;
  dispatch: Dispatch;
  wakeOutbox: () => void;
  now: Clock;
}) {
  return async (
    delivery: Extract<SlackDelivery, { kind: "invocation" }>,
    receivedAt: Date,
  ): Promise<void> => {
    const invocation: Invocation = { ...delivery.invocation, at: receivedAt };
    const reply = await dispatch(invocation);
    if (reply.to === "said") return wakeOutbox();
    await db
      .transaction()
      .execute((trx) => say(trx, `answer:${invocation.id}`, messageOf(reply, invocation), now()));
    wakeOutbox();
  };
}
