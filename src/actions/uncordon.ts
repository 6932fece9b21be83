import { schedulable } from "./nodes/schedulable.ts";

/** `kubectl uncordon`: pods may come to a node again. */
export const uncordon = schedulable("uncordon");
