import type { Delivery as Outcome } from "../client-api.ts";
import { mustBeActive, mustBeMember, visibleChannel } from "../channels.ts";
import { addMessage } from "../messages.ts";
import { SlackRefusal } from "../refusal.ts";
import { slackbot } from "../state.ts";
import type { Delivery } from "./link.ts";
import { commandPayload } from "./payloads.ts";
import { newResponseUrl, respond } from "./response-url.ts";
import type { Switchboard } from "./switchboard.ts";
import { newTrigger } from "./triggers.ts";

interface TypedCommand {
  user: string;
  channel: string;
  /** The whole line. */
  text: string;
  threadTs?: string | undefined;
}

/** Slack's words where it does not pass a command on, or the app did not take it. */
const sayings = {
  unknown_command: (command: string) =>
    `\`${command}\` is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands.\n\nIf you are trying to send a message and not run a command, try preceding the "/" with an empty space.`,
  not_in_threads: (command: string) => `\`${command}\` is not supported in threads. Sorry!`,
  operation_timeout: (command: string) => `${command} failed with the error "operation_timeout"`,
  dispatch_failed: (command: string) => `${command} failed with the error "dispatch_failed"`,
} satisfies Partial<Record<Outcome["outcome"], (command: string) => string>>;

const outcomes = { timeout: "operation_timeout", failed: "dispatch_failed" } as const;

/** Takes a person's slash command to the app, once: Slack never retries one. */
export async function runCommand(board: Switchboard, typed: TypedCommand): Promise<Outcome> {
  const { state } = board;
  const channel = visibleChannel(state, typed.user, typed.channel);
  mustBeMember(channel, typed.user);
  mustBeActive(channel);
  const [command = "", ...rest] = typed.text.split(/(?<=^\/\S*)\s/);

  function refuse(outcome: keyof typeof sayings): Outcome {
    const message = sayings[outcome](command);
    const thread = typed.threadTs === undefined ? {} : { thread_ts: typed.threadTs };
    addMessage(state, {
      channel: channel.id,
      user: slackbot,
      text: message,
      only_for: typed.user,
      ...thread,
    });
    return { outcome, message };
  }

  const isKnown = state.manifest.features.slash_commands.some((one) => one.command === command);
  if (!isKnown) return refuse("unknown_command");
  if (typed.threadTs !== undefined) return refuse("not_in_threads");

  const at = { channel: channel.id, user: typed.user, ts: null };
  const context = {
    user: typed.user,
    channel,
    responseUrl: newResponseUrl(board, at),
    trigger: newTrigger(board, typed.user),
  };
  const payload = { ...commandPayload(state, context), command, text: rest.join("").trim() };
  const delivery: Delivery = await board.link().send("slash_commands", payload);
  if (delivery.outcome !== "acked") return refuse(outcomes[delivery.outcome]);
  return answer(delivery.payload) ? refuse("dispatch_failed") : { outcome: "delivered" };

  /** Shows a message that came with the acknowledgment; true when Slack would not take it. */
  function answer(given: unknown): boolean {
    if (isEmptyAnswer(given)) return false;
    try {
      respond(state, at, given);
      return false;
    } catch (error) {
      if (error instanceof SlackRefusal) return true;
      throw error;
    }
  }
}

/** An empty body, `{}`, or empty text: acknowledged without a word. */
function isEmptyAnswer(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return true;
  const { text, blocks, attachments } = given as { text?: unknown; blocks?: unknown; attachments?: unknown };
  return !text && blocks === undefined && attachments === undefined;
}
