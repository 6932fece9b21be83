import type { Queries } from "../../store/database.ts";
import { settlePlan, waitingPlans } from "../../store/plans.ts";
import { listRuns, mayHaveWritten, runByNumber, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { runEnd } from "../runs/run-view.ts";
import { recordVoid } from "./settle.ts";

interface Trouble {
  incident: number;
  app: string;
  /** null: the app's only one. */
  environment: string | null;
  /** When the alert began. */
  since: Date;
}

/** Runs of an incident that are looked through, newest first. */
const LOOK_BACK = 50;

export async function hasChanged(db: Queries, run: number): Promise<boolean> {
  return (await stepsOf(db, run)).some(mayHaveWritten);
}

/** The newest run that has changed the app since an alert began: what fitted then is out of date. */
export async function overtakenBy(
  db: Queries,
  { incident, app, environment, since }: Trouble,
): Promise<Row<"run"> | undefined> {
  const runs = await listRuns(db, { incident, app, audience: "everything", limit: LOOK_BACK });
  for (const run of runs) {
    if (run.finished_at === null || run.finished_at < since) continue;
    if (environment !== null && run.environment !== environment) continue;
    if (await hasChanged(db, run.number)) return run;
  }
  return undefined;
}

/**
 * Ends the proposals that wait in a run's incident when the run has changed their app: a fix that somebody carried out
 * by themselves must not be offered again. Plans of people stay: they are worked out again when somebody says yes.
 */
export async function voidOvertaken(trx: Queries, number: number, at: Date): Promise<void> {
  const run = await runByNumber(trx, number);
  if (!run || run.incident === null || !(await hasChanged(trx, number))) return;
  const why = `R${number} has changed ${run.app} since (${runEnd(run).toLowerCase()}).`;
  const proposals = (await waitingPlans(trx, run.incident)).filter(
    ({ plan }) =>
      plan.actor.kind !== "person" && plan.app === run.app && plan.environment === run.environment,
  );
  const ended = [];
  for (const stored of proposals) if (await settlePlan(trx, stored.number, "voided", why)) ended.push(stored);
  // Rows are locked in one order everywhere: all plans, then their timeline.
  for (const stored of ended) await recordVoid(trx, stored, { why, actor: { kind: "observer" }, at });
}
