import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** `kind` says what is due; the key is its cause, so that one cause is one deadline. */
export interface Deadline {
  key: string;
  kind: string;
  subject: Record<string, string | number>;
  dueAt: Date;
}

/** Setting a deadline again moves it, unless it has passed already. */
export async function setDeadline(trx: Queries, { key, kind, subject, dueAt }: Deadline): Promise<void> {
  await trx
    .insertInto("deadline")
    .values({ key, kind, subject: JSON.stringify(subject), due_at: dueAt })
    .onConflict((conflict) =>
      conflict.column("key").doUpdateSet({ due_at: dueAt }).where("deadline.done_at", "is", null),
    )
    .execute();
}

/** Sets a deadline unless there is one under this key already: what fell due while crai was away stays due. */
export async function setOnce(trx: Queries, { key, kind, subject, dueAt }: Deadline): Promise<void> {
  await trx
    .insertInto("deadline")
    .values({ key, kind, subject: JSON.stringify(subject), due_at: dueAt })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

/** Sets a deadline to a date that stands for good until the next call, also one that had ended. */
export async function moveDeadline(trx: Queries, { key, kind, subject, dueAt }: Deadline): Promise<void> {
  await trx
    .insertInto("deadline")
    .values({ key, kind, subject: JSON.stringify(subject), due_at: dueAt })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ due_at: dueAt, done_at: null }))
    .execute();
}

/** Those of a kind that are still to come, or due. */
export async function openDeadlines(db: Queries, kind: string): Promise<Row<"deadline">[]> {
  return db
    .selectFrom("deadline")
    .selectAll()
    .where("kind", "=", kind)
    .where("done_at", "is", null)
    .execute();
}

export async function dueDeadlines(db: Queries, now: Date): Promise<Row<"deadline">[]> {
  return db
    .selectFrom("deadline")
    .selectAll()
    .where("done_at", "is", null)
    .where("due_at", "<=", now)
    .orderBy("due_at")
    .limit(100)
    .execute();
}

/** `due`: only if it was not moved to another date meanwhile. */
export async function endDeadline(trx: Queries, key: string, at: Date, due?: Date): Promise<void> {
  await trx
    .updateTable("deadline")
    .set({ done_at: at })
    .where("key", "=", key)
    .where("done_at", "is", null)
    .$if(due !== undefined, (query) => query.where("due_at", "=", due ?? at))
    .execute();
}
