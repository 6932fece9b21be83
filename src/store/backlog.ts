import type { Queries } from "./database.ts";

export interface Backlog {
  /** Of an outbox: the system; of an inbox: the source. */
  of: string;
  waiting: number;
  oldest: Date;
}

/** What is to go out and has not yet, by system. What failed for good waits no longer. */
export async function outboxBacklog(db: Queries): Promise<Backlog[]> {
  return db
    .selectFrom("outbox")
    .select(({ fn }) => [
      "system as of",
      fn.countAll<number>().as("waiting"),
      fn.min("changed_at").as("oldest"),
    ])
    .whereRef("delivered_version", "<", "version")
    .where("failed_at", "is", null)
    .groupBy("system")
    .execute();
}

/** What came in and is not carried out yet, by source. */
export async function inboxBacklog(db: Queries): Promise<Backlog[]> {
  return db
    .selectFrom("inbox")
    .select(({ fn }) => [
      "source as of",
      fn.countAll<number>().as("waiting"),
      fn.min("received_at").as("oldest"),
    ])
    .where("done_at", "is", null)
    .groupBy("source")
    .execute();
}

/** Runs that have begun or wait to. */
export async function runsUnderWay(db: Queries): Promise<number> {
  const row = await db
    .selectFrom("run")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("status", "<>", "finished")
    .executeTakeFirstOrThrow();
  return row.count;
}
