import type { PlannedAction } from "../../engine/playbooks/action.ts";
import { digest } from "../../domain/hash.ts";
import type { Json } from "../../engine/ports.ts";

/** A step that touches nothing: nothing to ask rights for, nothing to undo. */
export function nothingPlanned<State extends Json>(title: string, state: State): PlannedAction<State> {
  return {
    title,
    calls: [],
    facts: [],
    diff: null,
    kubectl: [],
    warnings: [],
    fingerprint: digest(state),
    inverse: null,
    state,
  };
}
