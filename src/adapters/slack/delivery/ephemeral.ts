import type { SlackMessage } from "../../../engine/ports.ts";
import { keepReceipt, markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import type { Rendered } from "../blocks/render-view.ts";
import { failureOf, failureText } from "../failure.ts";
import { attach } from "./attach.ts";
import { closedCode } from "./closed.ts";
import { sendView } from "./content.ts";
import { calling, type Courier, delivered, type Outcome, postMessage } from "./outcome.ts";
import { directChannel } from "./places.ts";
import { respond, responseUrlLife } from "./response-url.ts";

type Ephemeral = SlackMessage & { do: "ephemeral" };

/** How a receipt says how far it got: nothing can be found of an ephemeral message afterwards. */
const sending = "sending";
const sent = "sent";

/** Through the response URL while it lives, else as Slack's ephemeral message, else as a direct one. */
async function send(courier: Courier, row: Row<"outbox">, message: Ephemeral): Promise<void> {
  const { channel, user, thread, responseUrl, view } = message;
  const { client, now } = courier;
  const about = { view, outboxId: row.id };
  const age = now().getTime() - row.created_at.getTime();
  if (responseUrl !== undefined && age < responseUrlLife) {
    try {
      return await sendView(courier, about, (rendered) =>
        respond(courier, responseUrl, rendered, { inChannel: false, thread }),
      );
    } catch (error) {
      if (failureOf(error)?.kind !== "refused") throw error;
    }
  }
  function post({ text, blocks }: Rendered): Promise<unknown> {
    return calling(courier, { method: "chat.postEphemeral" }, () =>
      client.chat.postEphemeral({
        channel,
        user,
        text,
        blocks,
        parse: "none",
        link_names: false,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      }),
    );
  }
  try {
    await sendView(courier, about, post);
  } catch (error) {
    if (closedCode(error) === undefined) throw error;
    const direct = await directChannel(courier, user);
    await sendView(courier, about, (rendered) =>
      postMessage(courier, { ...rendered, channel: direct, thread: undefined }),
    );
  }
}

/** Sends the message itself, at most once: it is on record as sent before it is, and what may have arrived is not repeated. */
async function sendOnce(courier: Courier, row: Row<"outbox">, message: Ephemeral): Promise<void> {
  const { db, log } = courier;
  const { channel } = message;
  if (row.receipt?.id === sent) return;
  if (row.receipt?.id === sending) {
    log.warn({ outbox: row.id }, "an answer to one person may not have arrived; it is not repeated");
    return;
  }
  await keepReceipt(db, row.id, { channel, id: sending });
  try {
    await send(courier, row, message);
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "uncertain") {
      await keepReceipt(db, row.id, null);
      throw error;
    }
    log.warn({ outbox: row.id, why: failureText(failure) }, "an answer to one person may not have arrived");
  }
}

/** What only one person sees. Files cannot be ephemeral; they go to that person directly. */
export async function deliverEphemeral(
  courier: Courier,
  row: Row<"outbox">,
  message: Ephemeral,
): Promise<Outcome> {
  const { channel, user, attachments = [] } = message;
  const ms = courier.pace.take({ method: "chat.postEphemeral" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  await sendOnce(courier, row, message);
  const receipt = { channel, id: sent };
  if (attachments.length > 0) {
    await keepReceipt(courier.db, row.id, receipt);
    const direct = await directChannel(courier, user);
    await attach(courier, attachments, { channel: direct, thread: undefined, after: undefined }, false);
  }
  await markDelivered(courier.db, row, receipt);
  return delivered;
}
