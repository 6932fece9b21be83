import { SlackRefusal } from "../refusal.ts";
import type { Switchboard } from "./switchboard.ts";

export function newTrigger({ state, timings }: Pick<Switchboard, "state" | "timings">, user: string): string {
  const id = `${Math.floor(state.now())}.${state.team.id}.${state.newId("").toLowerCase()}`;
  state.triggers.set(id, { user, expires: state.now() + timings.triggerMs, isUsed: false });
  return id;
}

/** Whose screen a trigger_id opens a modal on; each works once and not for long. */
export function redeemTrigger({ state }: Pick<Switchboard, "state">, id: string): string {
  const trigger = state.triggers.get(id);
  if (trigger === undefined) throw new SlackRefusal("invalid_trigger_id");
  if (state.now() >= trigger.expires) throw new SlackRefusal("expired_trigger_id");
  if (trigger.isUsed) throw new SlackRefusal("exchanged_trigger_id");
  trigger.isUsed = true;
  return trigger.user;
}
