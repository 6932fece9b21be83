import { sql } from "kysely";
import type { Actor } from "../domain/actor.ts";
import type { PlannedStep } from "../domain/plan.ts";
import type { Executor, Outcome, Verdict } from "../domain/run.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { Queries } from "./database.ts";
import { type Audience, heardBy } from "./incidents.ts";
import type { Row } from "./tables.ts";
import type { StoredPlan } from "./plans.ts";

export async function insertRun(
  trx: Queries,
  stored: StoredPlan,
  more: { actor: Actor; executor: Executor; at: Date },
): Promise<Row<"run">> {
  return trx
    .insertInto("run")
    .values({
      plan: stored.number,
      app: stored.plan.app,
      environment: stored.plan.environment,
      incident: stored.plan.incident,
      actor: JSON.stringify(more.actor),
      executor: more.executor,
      status: "queued",
      created_at: more.at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function runByNumber(db: Queries, number: number): Promise<Row<"run"> | undefined> {
  return db.selectFrom("run").selectAll().where("number", "=", number).executeTakeFirst();
}

export async function runOfPlan(db: Queries, plan: number): Promise<Row<"run"> | undefined> {
  return db.selectFrom("run").selectAll().where("plan", "=", plan).executeTakeFirst();
}

export interface RunFilter {
  app?: string | undefined;
  incident?: number | undefined;
  /** Whoever sees the list. */
  audience: Audience;
  limit: number;
}

/** Newest first. */
export async function listRuns(
  db: Queries,
  { app, incident, audience, limit }: RunFilter,
): Promise<Row<"run">[]> {
  return db
    .selectFrom("run")
    .selectAll()
    .$if(app !== undefined, (query) => query.where("app", "=", app ?? ""))
    .$if(incident !== undefined, (query) => query.where("incident", "=", incident ?? 0))
    .where((eb) => eb.or([eb("incident", "is", null), eb("incident", "in", heardBy(db, audience))]))
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
}

/** How often a playbook was started by no person, for one app, since a moment. */
export async function startedAlone(
  db: Queries,
  about: { playbook: string; app: string | null; environment: string | null; since: Date },
): Promise<number> {
  const { playbook, app, environment, since } = about;
  const rows = await db
    .selectFrom("run")
    .innerJoin("plan", "plan.number", "run.plan")
    .select(["plan.document", "run.actor"])
    .where("run.created_at", ">", since)
    .where("run.app", "is not distinct from", app)
    .where("run.environment", "is not distinct from", environment)
    .execute();
  return rows.filter(({ document, actor }) => document.playbook.name === playbook && actor.kind !== "person")
    .length;
}

interface FinishedRun {
  number: number;
  actor: Actor;
  inputs: StoredPlan["plan"]["inputs"];
  outcome: string | null;
  finishedAt: Date;
}

/** Runs of one playbook in an environment that have ended since a moment, newest first. */
export async function finishedRuns(
  db: Queries,
  about: { playbook: string; environment: string; since: Date },
): Promise<FinishedRun[]> {
  const rows = await db
    .selectFrom("run")
    .innerJoin("plan", "plan.number", "run.plan")
    .select(["run.number", "run.actor", "run.outcome", "run.finished_at", "plan.document"])
    .where("run.environment", "=", about.environment)
    .where("run.finished_at", ">", about.since)
    .orderBy("run.finished_at", "desc")
    .execute();
  return rows.flatMap(({ number, actor, outcome, finished_at: finishedAt, document }) =>
    document.playbook.name === about.playbook && finishedAt !== null
      ? [{ number, actor, inputs: document.inputs, outcome, finishedAt }]
      : [],
  );
}

/** Runs of one playbook in an environment, newest first; with `inputs`, those that were started with just these values. */
export async function runsOfPlaybook(
  db: Queries,
  about: { playbook: string; environment: string; inputs: Readonly<Record<string, string>>; limit: number },
): Promise<Row<"run">[]> {
  const like = { playbook: { name: about.playbook }, inputs: about.inputs };
  return db
    .selectFrom("run")
    .innerJoin("plan", "plan.number", "run.plan")
    .selectAll("run")
    .where("run.environment", "=", about.environment)
    .where(sql<boolean>`plan.document @> ${JSON.stringify(like)}::jsonb`)
    .orderBy("run.number", "desc")
    .limit(about.limit)
    .execute();
}

/** Oldest first. */
export async function unfinishedRunsOf(db: Queries, executor: Executor): Promise<Row<"run">[]> {
  return db
    .selectFrom("run")
    .selectAll()
    .where("status", "<>", "finished")
    .where("executor", "=", executor)
    .orderBy("number")
    .execute();
}

export async function markRunning(trx: Queries, run: number, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable("run")
    .set({ status: "running", started_at: at })
    .where("number", "=", run)
    .where("status", "=", "queued")
    .returning("number")
    .executeTakeFirst();
  return row !== undefined;
}

/** The first asker counts; false when the run had ended or was asked to stop already. */
export async function askToStop(trx: Queries, run: number, actor: Actor, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable("run")
    .set({ stop_asked_by: JSON.stringify(actor), stop_asked_at: at })
    .where("number", "=", run)
    .where("status", "<>", "finished")
    .where("stop_asked_at", "is", null)
    .returning("number")
    .executeTakeFirst();
  return row !== undefined;
}

export async function finishRun(
  trx: Queries,
  run: number,
  end: { outcome: Outcome; verdict: Verdict | null; detail: string | null; at: Date },
): Promise<boolean> {
  const row = await trx
    .updateTable("run")
    .set({
      status: "finished",
      outcome: end.outcome,
      verdict: end.verdict,
      detail: end.detail,
      finished_at: end.at,
    })
    .where("number", "=", run)
    .where("status", "<>", "finished")
    .returning("number")
    .executeTakeFirst();
  return row !== undefined;
}

export async function stepsOf(db: Queries, run: number): Promise<Row<"run_step">[]> {
  return db.selectFrom("run_step").selectAll().where("run", "=", run).orderBy("position").execute();
}

export async function stepOf(db: Queries, run: number, step: string): Promise<Row<"run_step"> | undefined> {
  return db
    .selectFrom("run_step")
    .selectAll()
    .where("run", "=", run)
    .where("step", "=", step)
    .executeTakeFirst();
}

/**
 * Writes the intent before anything is touched; the row that is there already wins, and tells that the step was begun
 * before.
 */
export async function intendStep(
  trx: Queries,
  run: number,
  step: { position: number; document: PlannedStep; at: Date },
): Promise<Row<"run_step"> & { begun: boolean }> {
  const made = await trx
    .insertInto("run_step")
    .values({
      run,
      step: step.document.id,
      position: step.position,
      phase: "intended",
      document: JSON.stringify(step.document),
      evidence: "[]",
      intended_at: step.at,
    })
    .onConflict((conflict) => conflict.columns(["run", "step"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made) return { ...made, begun: false };
  const known = await trx
    .selectFrom("run_step")
    .selectAll()
    .where("run", "=", run)
    .where("step", "=", step.document.id)
    .executeTakeFirstOrThrow();
  return { ...known, begun: true };
}

/** A step that has written, or of which nobody knows whether it has. */
export function mayHaveWritten({ document, acted_at: acted, outcome }: Row<"run_step">): boolean {
  return document.mutates && document.passing !== true && (acted !== null || outcome === "unknown");
}

export async function markActed(trx: Queries, run: number, step: string, at: Date): Promise<void> {
  await trx
    .updateTable("run_step")
    .set({ phase: "acted", acted_at: at })
    .where("run", "=", run)
    .where("step", "=", step)
    .where("phase", "=", "intended")
    .execute();
}

/** Begins a step anew after a clear failure; what the tries before it have written stands, and so does when. */
export async function retryStep(
  trx: Queries,
  run: number,
  step: string,
  at: Date,
): Promise<Row<"run_step"> & { begun: boolean }> {
  const row = await trx
    .updateTable("run_step")
    .set((eb) => ({ phase: "intended", intended_at: at, attempt: eb("attempt", "+", 1) }))
    .where("run", "=", run)
    .where("step", "=", step)
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...row, begun: mayHaveWritten(row) };
}

/** Parameters that were known only now. */
export async function settleStep(trx: Queries, run: number, document: PlannedStep): Promise<void> {
  await trx
    .updateTable("run_step")
    .set({ document: JSON.stringify(document) })
    .where("run", "=", run)
    .where("step", "=", document.id)
    .execute();
}

/** What a step has found so far, while it waits. */
export async function keepFound(trx: Queries, run: number, step: string, found: unknown): Promise<void> {
  await trx
    .updateTable("run_step")
    .set({ found: JSON.stringify(found) })
    .where("run", "=", run)
    .where("step", "=", step)
    .where("phase", "<>", "finished")
    .execute();
}

export interface StepEnd {
  outcome: Outcome;
  detail: string | null;
  evidence: Evidence[];
  /** What it found, as data (any JSON). */
  found?: unknown;
}

export async function finishStep(
  trx: Queries,
  run: number,
  step: string,
  end: StepEnd & { at: Date },
): Promise<void> {
  await trx
    .updateTable("run_step")
    .set({
      phase: "finished",
      outcome: end.outcome,
      detail: end.detail,
      evidence: JSON.stringify(end.evidence),
      found: end.found === undefined ? null : JSON.stringify(end.found),
      finished_at: end.at,
    })
    .where("run", "=", run)
    .where("step", "=", step)
    .where("phase", "<>", "finished")
    .execute();
}
