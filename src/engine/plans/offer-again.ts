import { firingIn } from "../../store/alerts.ts";
import type { Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import type { StoredPlan } from "../../store/plans.ts";
import { offerDeadlines } from "../incidents/offer-deadlines.ts";
import { predecessorOf } from "./replacement.ts";

/** Whether it began as what an alert proposed, however often people have had it worked out again since. */
async function wasProposed(trx: Queries, stored: StoredPlan): Promise<boolean> {
  if (stored.plan.actor.kind !== "person") return true;
  const before = await predecessorOf(trx, stored);
  return before !== undefined && wasProposed(trx, before);
}

/**
 * A proposal leaves its incident's card when somebody takes it up. When that has come to nothing (its time was over, or
 * its run has changed nothing) and alerts fire on, it is worked out anew for whoever comes next. `after` names what came
 * to nothing, so that each is followed by one proposal.
 */
export async function offerAgain(
  trx: Queries,
  stored: StoredPlan,
  { after, at }: { after: string; at: Date },
): Promise<void> {
  const { incident: number, playbook, steps } = stored.plan;
  if (number === null || !steps.some(({ mutates }) => mutates)) return;
  const incident = await incidentByNumber(trx, number);
  if (!incident || incident.status === "resolved" || !(await wasProposed(trx, stored))) return;
  const fired = await firingIn(trx, incident);
  const again = { playbook: playbook.name, after };
  for (const deadline of offerDeadlines({ incident: number, episode: incident.episode, fired, at, again }))
    await setDeadline(trx, deadline);
}
