import { parseISO } from "date-fns/parseISO";
import type { ActionContext } from "../../../engine/playbooks/action.ts";
import type { Change } from "../seen.ts";

/** One kind of change in the namespace, as far back as `since`. */
export type LookForChanges = (context: ActionContext, since: Date) => Promise<Change[]>;

/** ISO 8601; empty where nobody knows. */
export function isSince(at: string, since: Date): boolean {
  return at !== "" && parseISO(at) >= since;
}
