import { timestamp } from "../object.ts";
import type { Condition } from "./objects.ts";

export function conditionOf(conditions: Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function withoutCondition(conditions: Condition[] = [], type: string): Condition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/**
 * The conditions with this one said at `now`. The same status and reason again changes nothing (not even the
 * message), and lastTransitionTime moves only with the status: kubectl shows and measures by these.
 */
export function withCondition(
  conditions: Condition[] = [],
  said: Pick<Condition, "type" | "status" | "reason" | "message">,
  now: Date,
): Condition[] {
  const before = conditionOf(conditions, said.type);
  if (before && before.status === said.status && before.reason === said.reason) return conditions;
  const at = timestamp(now);
  const since = before?.status === said.status ? before.lastTransitionTime : at;
  return [
    ...withoutCondition(conditions, said.type),
    { ...said, lastUpdateTime: at, ...(since && { lastTransitionTime: since }) },
  ];
}
