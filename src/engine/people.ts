import { type Actor, actorName } from "../domain/actor.ts";
import type { Inline } from "../domain/view.ts";

/** A person as the surface shows people; anything else by its name. */
export function actorInline(actor: Actor): Inline {
  return actor.kind === "person" && /^[UW][A-Z0-9]+$/.test(actor.id)
    ? { person: actor.id, name: actor.name }
    : actorName(actor);
}
