import type { SlackDelivery } from "../inbox.ts";
import type { Command } from "./command.ts";

/** Where a command waits for those before it: in its channel; null: it does not wait. */
export function turnOf(delivery: SlackDelivery, commands: readonly Command[]): string | null {
  if (delivery.kind !== "invocation") return null;
  const { text, place } = delivery.invocation;
  const name = text.trim().split(/\s/, 1)[0]?.toLowerCase();
  const command = commands.find((candidate) => candidate.name === name);
  return command?.inTurn === true ? place.channel : null;
}
