import type { Actor } from "../domain/actor.ts";
import type { Queries } from "./database.ts";
import { type Audience, heardBy } from "./incidents.ts";
import type { Row } from "./tables.ts";

export type Taking = { taken: true; fence: number } | { taken: false; busy: Row<"lock"> };

export interface Claim {
  targets: readonly string[];
  run: number;
  holder: Actor;
  at: Date;
}

/**
 * Takes all targets or reports who holds one. Call it inside the transaction that starts the run and let that roll back
 * when it is busy. Targets are taken in sorted order, so two runs that want the same ones cannot wait for each other.
 */
export async function takeLocks(trx: Queries, claim: Claim): Promise<Taking> {
  const { run, at } = claim;
  const holder = JSON.stringify(claim.holder);
  let fence = 0;
  for (const target of [...new Set(claim.targets)].sort()) {
    const row = await trx
      .insertInto("lock")
      .values({ target, run, holder, taken_at: at })
      .onConflict((conflict) => conflict.column("target").doNothing())
      .returning("fence")
      .executeTakeFirst();
    if (row) {
      fence = Math.max(fence, row.fence);
      continue;
    }
    const busy = await trx.selectFrom("lock").selectAll().where("target", "=", target).executeTakeFirst();
    // It was given back between the two statements: try again.
    if (!busy) return takeLocks(trx, claim);
    if (busy.run !== run) return { taken: false, busy };
  }
  return { taken: true, fence };
}

/** Whether a run still holds every one of its targets; after a take-over it does not. */
export async function holdsLocks(db: Queries, targets: readonly string[], run: number): Promise<boolean> {
  if (targets.length === 0) return true;
  const rows = await db
    .selectFrom("lock")
    .select("target")
    .where("target", "in", [...targets])
    .where("run", "=", run)
    .execute();
  return rows.length === new Set(targets).size;
}

export async function releaseLocks(trx: Queries, run: number): Promise<void> {
  await trx.deleteFrom("lock").where("run", "=", run).execute();
}

export async function heldLocks(db: Queries): Promise<Row<"lock">[]> {
  return db.selectFrom("lock").selectAll().orderBy("taken_at").execute();
}

/** With what their runs are about, without those of incidents that the audience may not hear of. */
export async function locksHeardBy(
  db: Queries,
  audience: Audience,
): Promise<(Row<"lock"> & Pick<Row<"run">, "app" | "environment">)[]> {
  return db
    .selectFrom("lock")
    .innerJoin("run", "run.number", "lock.run")
    .selectAll("lock")
    .select(["run.app", "run.environment"])
    .where((eb) => eb.or([eb("run.incident", "is", null), eb("run.incident", "in", heardBy(db, audience))]))
    .orderBy("taken_at")
    .execute();
}

export async function lockOf(db: Queries, target: string): Promise<Row<"lock"> | undefined> {
  return db.selectFrom("lock").selectAll().where("target", "=", target).executeTakeFirst();
}

/** Ends this run's hold on one target so that another may take it; undefined when it does not hold it. */
export async function breakLock(trx: Queries, target: string, run: number): Promise<Row<"lock"> | undefined> {
  return trx
    .deleteFrom("lock")
    .where("target", "=", target)
    .where("run", "=", run)
    .returningAll()
    .executeTakeFirst();
}
