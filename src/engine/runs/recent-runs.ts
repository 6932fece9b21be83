import { planByNumber } from "../../store/plans.ts";
import type { Queries } from "../../store/database.ts";
import { listRuns } from "../../store/runs.ts";
import type { RecentRun } from "../playbooks/action.ts";

/** Runs that are looked through. */
const lookBack = 20;

/** Runs that may have changed something in an environment. Those of confidential incidents are nobody's business here. */
export async function recentRuns(db: Queries, environment: string, since: Date): Promise<RecentRun[]> {
  const runs = await listRuns(db, { audience: { channel: null }, limit: lookBack });
  const found: RecentRun[] = [];
  for (const { number, plan, app, environment: where, started_at: startedAt } of runs) {
    if (startedAt === null || startedAt < since || where !== environment) continue;
    const stored = await planByNumber(db, plan);
    if (!stored?.plan.steps.some(({ mutates }) => mutates)) continue;
    found.push({ number, app, title: stored.plan.title, startedAt });
  }
  return found;
}
