import { schedulable } from "./nodes/schedulable.ts";

/** `kubectl cordon`: no new pods come to a node. */
export const cordon = schedulable("cordon");
