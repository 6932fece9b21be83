import type { Container, Delivery as Outcome, ElementState, StateValues } from "../client-api.ts";
import { visibleChannel } from "../channels.ts";
import { elementsOf } from "../check-blocks.ts";
import { findSeenMessage } from "../messages.ts";
import { SlackRefusal } from "../refusal.ts";
import { mergedState } from "../view-state.ts";
import { findView } from "../views.ts";
import { channelType, messageJson, viewJson } from "./json.ts";
import { channelNamed, interactionPayload } from "./payloads.ts";
import { newResponseUrl } from "./response-url.ts";
import type { Switchboard } from "./switchboard.ts";
import { newTrigger } from "./triggers.ts";

/** What Slack shows beside a button or modal whose app did not answer. */
export const trouble = "We had some trouble connecting. Try again?";

/** Takes an interaction to the app, once: Slack never retries one. */
export async function deliver(board: Switchboard, payload: object): Promise<Outcome> {
  const delivery = await board.link().send("interactive", payload);
  if (delivery.outcome === "acked") return { outcome: "delivered" };
  const outcome = delivery.outcome === "timeout" ? "operation_timeout" : "dispatch_failed";
  return { outcome, message: trouble };
}

interface Press {
  user: string;
  container: Container;
  blockId: string;
  actionId: string;
  chosen?: ElementState | undefined;
  state?: StateValues | undefined;
}

/** What stands around a pressed element, as block_actions tells it; the element's own blocks too. */
function surroundings(board: Switchboard, press: Press) {
  const { state } = board;
  const { container, user } = press;
  if (container.type === "view") {
    const view = findView(state, { id: container.view_id });
    if (view.user !== user) throw new SlackRefusal("not_found");
    const shown = { ...viewJson(state, view), state: mergedState(view.blocks, press.state) };
    return { blocks: view.blocks, fields: { container: { type: "view", view_id: view.id }, view: shown } };
  }
  const channel = visibleChannel(state, user, container.channel);
  const message = findSeenMessage(state, container, user);
  if (message === undefined) throw new SlackRefusal("message_not_found");
  const blocks = message.blocks ?? [];
  const isEphemeral = message.only_for !== undefined;
  const thread = message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts };
  return {
    blocks,
    fields: {
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: isEphemeral,
        ...thread,
      },
      channel: channelNamed(channel),
      // Slack does not send an ephemeral message back.
      ...(isEphemeral ? {} : { message: messageJson(state, message, true) }),
      state: mergedState(blocks, press.state),
      response_url: newResponseUrl(board, { channel: channel.id, user, ts: message.ts }),
    },
  };
}

/** The keys of an element that block_actions repeats. */
function actionOf(element: Record<string, unknown>, press: Press): Record<string, unknown> {
  const { type, text, value, style, placeholder } = element;
  const chosen: Partial<ElementState> = press.chosen ?? {};
  const shown = Object.fromEntries(
    Object.entries({ text, value, style, placeholder }).filter(([, one]) => one !== undefined),
  );
  return { ...shown, ...chosen, type, action_id: press.actionId, block_id: press.blockId };
}

/** A press or a choice in a message, modal or Home tab. */
export function pressAction(board: Switchboard, press: Press): Promise<Outcome> {
  const { state } = board;
  const { blocks, fields } = surroundings(board, press);
  const block = blocks.find((one) => one.block_id === press.blockId);
  const element = block && elementsOf(block).find((one) => one["action_id"] === press.actionId);
  if (element === undefined)
    throw new SlackRefusal("action_not_found", ["nothing like that stands there (any more)"]);
  return deliver(board, {
    type: "block_actions",
    ...interactionPayload(state, press.user),
    trigger_id: newTrigger(board, press.user),
    ...fields,
    actions: [{ ...actionOf(element, press), action_ts: state.nextTs() }],
  });
}

interface ShortcutUse {
  user: string;
  callbackId: string;
  message?: { channel: string; ts: string } | undefined;
}

export function runShortcut(
  board: Switchboard,
  { user, callbackId, message: at }: ShortcutUse,
): Promise<Outcome> {
  const { state } = board;
  const shortcut = state.manifest.features.shortcuts.find((one) => one.callback_id === callbackId);
  if (shortcut === undefined) throw new SlackRefusal("shortcut_not_found");
  const common = {
    ...interactionPayload(state, user),
    callback_id: callbackId,
    trigger_id: newTrigger(board, user),
    action_ts: state.nextTs(),
  };
  if (shortcut.type === "global") return deliver(board, { type: "shortcut", ...common });
  if (at === undefined) throw new SlackRefusal("message_not_found");
  const channel = visibleChannel(state, user, at.channel);
  const message = findSeenMessage(state, at, user);
  if (message === undefined || message.only_for !== undefined) throw new SlackRefusal("message_not_found");
  return deliver(board, {
    type: "message_action",
    ...common,
    channel: channelNamed(channel),
    channel_type: channelType(channel),
    message_ts: message.ts,
    message: messageJson(state, message, true),
    response_url: newResponseUrl(board, { channel: channel.id, user, ts: message.ts }),
  });
}
