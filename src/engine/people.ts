import { type Actor, actorName } from "../domain/actor.ts";
import type { Inline } from "../domain/view.ts";

/** Somebody on the command line may be nobody in Slack. */
export function isSlackUser(id: string): boolean {
  return /^[UW][A-Z0-9]+$/.test(id);
}

/** A person as the surface shows people; anything else by its name. */
export function actorInline(actor: Actor): Inline {
  return actor.kind === "person" && isSlackUser(actor.id)
    ? { person: actor.id, name: actor.name }
    : actorName(actor);
}
