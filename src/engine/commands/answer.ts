import type { Clock } from "../../domain/clock.ts";
import type { Block, View } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Dispatch } from "./dispatch.ts";
import type { SlackDelivery } from "../inbox.ts";
import type { Directory, SlackMessage } from "../ports.ts";
import { elsewhereOf, say } from "../record.ts";

/** An answer has no thread where its details could stand: they follow in it, above its buttons. */
function withDetails({ view, details }: Reply): View {
  if (details === undefined) return view;
  const [buttons, rest] = [true, false].map((want) =>
    view.blocks.filter(({ type }) => (type === "buttons") === want),
  ) as [Block[], Block[]];
  return { ...view, blocks: [...rest, { type: "divider" }, ...details.blocks, ...buttons] };
}

/** Where an answer goes: to everybody in the place it was asked, or only to the asker. */
function messageOf(reply: Reply, { actor, place }: Invocation): SlackMessage {
  const { to, attachments } = reply;
  const view = withDetails(reply);
  const files = attachments === undefined ? {} : { attachments };
  const thread = place.thread === null ? {} : { thread: place.thread };
  const responseUrl = place.responseUrl === null ? {} : { responseUrl: place.responseUrl };
  if (place.channel === null) return { do: "direct", user: actor.id, view };
  if (to === "channel")
    return {
      do: "post",
      channel: { id: place.channel },
      view,
      ...thread,
      ...responseUrl,
      ...elsewhereOf(actor, undefined, place.responseUrl),
      ...files,
    };
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
  directory,
  now,
}: {
  db: Database;
  dispatch: Dispatch;
  wakeOutbox: () => void;
  directory: Pick<Directory, "displayName">;
  now: Clock;
}) {
  return async (
    delivery: Extract<SlackDelivery, { kind: "invocation" }>,
    receivedAt: Date,
  ): Promise<void> => {
    const { actor } = delivery.invocation;
    // Slack tells a handle; the record shows people as they call themselves.
    const name = await directory.displayName(actor.id).catch(() => actor.name);
    const invocation: Invocation = { ...delivery.invocation, actor: { ...actor, name }, at: receivedAt };
    const reply = await dispatch(invocation);
    if (reply.to === "said") return wakeOutbox();
    const telling = { key: `answer:${invocation.id}`, about: reply.about ?? null };
    await db.transaction().execute((trx) => say(trx, telling, messageOf(reply, invocation), now()));
    wakeOutbox();
  };
}
