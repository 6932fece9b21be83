import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** Which one: a playbook falls due once a day at most. */
export type OccurrenceKey = Pick<Row<"occurrence">, "playbook" | "day">;

/** False when it is known already: nothing falls due twice. */
export async function insertOccurrence(
  trx: Queries,
  one: OccurrenceKey & { dueAt: Date; overdueAt: Date; missed: boolean },
): Promise<boolean> {
  const { playbook, day, dueAt, overdueAt, missed } = one;
  const row = await trx
    .insertInto("occurrence")
    .values({ playbook, day, due_at: dueAt, overdue_at: overdueAt, missed })
    .onConflict((conflict) => conflict.columns(["playbook", "day"]).doNothing())
    .returning("day")
    .executeTakeFirst();
  return row !== undefined;
}

export async function occurrenceOf(
  db: Queries,
  { playbook, day }: OccurrenceKey,
): Promise<Row<"occurrence"> | undefined> {
  return db
    .selectFrom("occurrence")
    .selectAll()
    .where("playbook", "=", playbook)
    .where("day", "=", day)
    .executeTakeFirst();
}

/** What became of it: the plan that it began with, or why it did not. */
export async function settleOccurrence(
  trx: Queries,
  { playbook, day }: OccurrenceKey,
  end: { plan: number } | { trouble: string },
): Promise<void> {
  await trx
    .updateTable("occurrence")
    .set(end)
    .where("playbook", "=", playbook)
    .where("day", "=", day)
    .execute();
}

/** An occurrence with the run that it came to, where there is one. */
export interface Occurrence extends Row<"occurrence"> {
  run: number | null;
  outcome: Row<"run">["outcome"];
  detail: string | null;
  finished_at: Date | null;
}

/** Newest first. */
export async function listOccurrences(
  db: Queries,
  { since, playbook }: { since?: Date; playbook?: string },
): Promise<Occurrence[]> {
  return db
    .selectFrom("occurrence")
    .leftJoin("run", "run.plan", "occurrence.plan")
    .selectAll("occurrence")
    .select(["run.number as run", "run.outcome", "run.detail", "run.finished_at"])
    .$if(since !== undefined, (query) => query.where("occurrence.due_at", ">=", since ?? null))
    .$if(playbook !== undefined, (query) => query.where("occurrence.playbook", "=", playbook ?? ""))
    .orderBy("occurrence.due_at", "desc")
    .orderBy("occurrence.playbook")
    .limit(500)
    .execute();
}

/** The newest of each playbook. */
export async function latestOccurrences(db: Queries): Promise<Occurrence[]> {
  return db
    .selectFrom("occurrence")
    .leftJoin("run", "run.plan", "occurrence.plan")
    .distinctOn("occurrence.playbook")
    .selectAll("occurrence")
    .select(["run.number as run", "run.outcome", "run.detail", "run.finished_at"])
    .orderBy("occurrence.playbook")
    .orderBy("occurrence.due_at", "desc")
    .execute();
}
