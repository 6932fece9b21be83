import type { View } from "../../../domain/view.ts";
import { type Rendered, renderPlain, renderView } from "../blocks/render-view.ts";
import { refusalCode } from "../failure.ts";
import type { Courier } from "./outcome.ts";

/** Refusals of what a message looks like, not of sending it. */
const contentRefusals = new Set([
  "invalid_arguments",
  "invalid_attachments",
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_payload",
  "msg_blocks_too_long",
  "msg_too_long",
]);

/** Sends a view; should Slack refuse its blocks, the same as plain text: better plain than unsaid. */
export async function sendView<T>(
  courier: Courier,
  { view, outboxId }: { view: View; outboxId: number },
  send: (rendered: Rendered) => Promise<T>,
): Promise<T> {
  const context = { outboxId, command: courier.command };
  try {
    return await send(renderView(view, context));
  } catch (error) {
    const code = refusalCode(error);
    if (code === undefined || !contentRefusals.has(code)) throw error;
    courier.log.error(
      { outbox: outboxId, code },
      "Slack refused how a message looks; it is sent as plain text",
    );
    return send(renderPlain(view, context));
  }
}
