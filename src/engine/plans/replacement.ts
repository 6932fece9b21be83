import type { Queries } from "../../store/database.ts";
import { planByKey, planByNumber, type StoredPlan } from "../../store/plans.ts";

/** A plan is replaced at most once, so its number names what came in its place. */
export function successorKey({ number }: Pick<StoredPlan, "number">): string {
  return `plan:${number}:again`;
}

export async function successorOf(db: Queries, stored: StoredPlan): Promise<StoredPlan | undefined> {
  return planByKey(db, successorKey(stored));
}

/** The plan in whose place this one came; undefined: it came in nobody's. */
export async function predecessorOf(
  db: Queries,
  { key }: Pick<StoredPlan, "key">,
): Promise<StoredPlan | undefined> {
  const number = /^plan:(\d+):again$/.exec(key)?.[1];
  return number === undefined ? undefined : planByNumber(db, Number(number));
}
