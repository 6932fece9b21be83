import type { Queries } from "../../store/database.ts";
import { settlePlan, type StoredPlan, waitingPlans } from "../../store/plans.ts";
import { listRuns, mayHaveWritten, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { runEnd } from "../runs/run-view.ts";
import { recordVoid } from "./settle.ts";

interface About {
  incident: number;
  app: string;
  /** null: the app's only one. */
  environment: string | null;
}

/** Runs of an incident that are looked through, newest first. */
const LOOK_BACK = 50;

/** The newest run of the incident that has ended and changed the app: what was proposed before it is out of date. */
export async function overtakenBy(
  db: Queries,
  { incident, app, environment }: About,
): Promise<Row<"run"> | undefined> {
  const runs = await listRuns(db, { incident, app, audience: "everything", limit: LOOK_BACK });
  for (const run of runs) {
    if (run.status !== "finished" || (environment !== null && run.environment !== environment)) continue;
    if ((await stepsOf(db, run.number)).some(mayHaveWritten)) return run;
  }
  return undefined;
}

/**
 * Ends the proposals of an incident whose app was changed since: a fix that somebody carried out by themselves must not
 * be offered again. Plans of people stay: they are worked out again when somebody says yes to them.
 */
export async function voidOvertaken(trx: Queries, incident: number, at: Date): Promise<void> {
  const ended: { stored: StoredPlan; why: string }[] = [];
  for (const stored of await waitingPlans(trx, incident)) {
    const { actor, app, environment } = stored.plan;
    const run = actor.kind === "person" ? undefined : await overtakenBy(trx, { incident, app, environment });
    if (run === undefined) continue;
    const why = `R${run.number} has changed ${app} since (${runEnd(run).toLowerCase()}).`;
    if (await settlePlan(trx, stored.number, "voided", why)) ended.push({ stored, why });
  }
  // Rows are locked in one order everywhere: all plans, then their timeline.
  for (const { stored, why } of ended)
    await recordVoid(trx, stored, { why, actor: { kind: "observer" }, at });
}
