import type { Actor } from "../../domain/actor.ts";
import type { Queries } from "../../store/database.ts";
import { endDeadline } from "../../store/deadlines.ts";
import { outboxByKey } from "../../store/outbox.ts";
import type { StoredPlan } from "../../store/plans.ts";
import { isSlackUser } from "../people.ts";
import { pageKeys, tellPager } from "../record.ts";

type Numbered = Pick<StoredPlan, "number">;

/** When the time to say yes is over. */
export function expiryKey({ number }: Numbered): string {
  return `plan:${number}:expires`;
}

/** When the glass may be broken. */
export function glassKey({ number }: Numbered): string {
  return `plan:${number}:glass`;
}

/** The page of who may say yes. */
export function pagedKey({ number }: Numbered): string {
  return `plan:${number}:page`;
}

/** A plan was answered, or can be no more: nothing waits for its time to be over, and nobody is paged for it any longer. */
export async function endWait(
  trx: Queries,
  { number, plan }: Pick<StoredPlan, "number" | "plan">,
  { by, at }: { by: Actor; at: Date },
): Promise<void> {
  await endDeadline(trx, expiryKey({ number }), at);
  await endDeadline(trx, glassKey({ number }), at);
  if (!(await outboxByKey(trx, pagedKey({ number })))) return;
  const person = by.kind === "person" && isSlackUser(by.id) ? { slack: by.id, name: by.name } : null;
  const over = { do: "end-page", dedupKey: `${pageKeys.plan}${number}`, by: person } as const;
  await tellPager(trx, { key: `${pagedKey({ number })}:over`, about: plan.incident }, over, at);
}
