import type { SlackMessage } from "../../../engine/ports.ts";
import type { Row } from "../../../store/tables.ts";
import { deliverHome, deliverInvite, deliverReaction, deliverRename, deliverTopic } from "./channel-care.ts";
import { deliverEphemeral } from "./ephemeral.ts";
import { deliverOpenChannel } from "./open-channel.ts";
import type { Courier, Outcome } from "./outcome.ts";
import { deliverDirect, deliverPost } from "./post.ts";

/** Brings one message to Slack. Throws what the call to Slack threw; the deliverer decides whether to come again. */
export async function carryOut(courier: Courier, row: Row<"outbox">): Promise<Outcome> {
  const message = row.message as SlackMessage;
  switch (message.do) {
    case "post":
      return deliverPost(courier, row, message);
    case "ephemeral":
      return deliverEphemeral(courier, row, message);
    case "direct":
      return deliverDirect(courier, row, message);
    case "home":
      return deliverHome(courier, row, message);
    case "open-channel":
      return deliverOpenChannel(courier, row, message);
    case "invite":
      return deliverInvite(courier, row, message);
    case "topic":
      return deliverTopic(courier, row, message);
    case "rename":
      return deliverRename(courier, row, message);
    case "react":
      return deliverReaction(courier, row, message);
  }
}
