import { keepReceipt, markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { failureOf } from "../failure.ts";
import { sendView } from "./content.ts";
import type { Letter } from "./letter.ts";
import { type Courier, delivered, type Outcome, Undeliverable } from "./outcome.ts";
import { respond } from "./response-url.ts";

/** How a receipt says that a message went out through a response URL: it has no ts and cannot be edited. */
export const viaUrl = "response_url";

/**
 * Through the URL of the command it answers: it shows in the channel, though crai is not in it. At most once a version,
 * because nothing of it can be found again. Undeliverable once the URL is spent.
 */
export async function postOutside(
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
