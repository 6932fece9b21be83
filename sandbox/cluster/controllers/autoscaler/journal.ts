import { timestamp } from "../../object.ts";
import { conditionOf } from "../conditions.ts";
import type { Condition } from "../objects.ts";

/** An autoscaler's conditions as they grow during one look. */
export interface Journal {
  conditions(): Condition[];
  /** lastTransitionTime moves only with the status. */
  say(type: string, status: "True" | "False", reason: string, message: string): void;
}

export function createJournal(before: Condition[] = [], now: Date): Journal {
  let conditions = before;
  return {
    conditions: () => conditions,
    say(type, status, reason, message) {
      const old = conditionOf(conditions, type);
      const since = old?.status === status ? old.lastTransitionTime : undefined;
      const said: Condition = {
        lastTransitionTime: since ?? timestamp(now),
        message,
        reason,
        status,
        type,
      };
      conditions = old ? conditions.map((one) => (one.type === type ? said : one)) : [...conditions, said];
    },
  };
}
