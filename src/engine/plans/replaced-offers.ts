import type { Queries } from "../../store/database.ts";
import { settlePlan, type StoredPlan, waitingPlans } from "../../store/plans.ts";
import { recordVoid } from "./settle.ts";

/** Ends the proposals of an incident that a newer one of the same playbook has come after: one fix waits, not two. */
export async function voidReplaced(trx: Queries, newest: StoredPlan, at: Date): Promise<void> {
  const { incident, playbook, app, environment } = newest.plan;
  if (incident === null) return;
  const why = `P${newest.number} was planned after the trouble began anew.`;
  const older = (await waitingPlans(trx, incident)).filter(
    ({ number, plan }) =>
      number < newest.number &&
      plan.actor.kind !== "person" &&
      plan.playbook.name === playbook.name &&
      plan.app === app &&
      plan.environment === environment,
  );
  const ended = [];
  for (const stored of older) if (await settlePlan(trx, stored.number, "voided", why)) ended.push(stored);
  for (const stored of ended) await recordVoid(trx, stored, { why, actor: { kind: "observer" }, at });
}
