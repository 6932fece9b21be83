import { sql } from "kysely";
import { storableJson } from "../domain/storable-json.ts";
import type { Queries } from "./database.ts";
import type { InboxTable, Row } from "./tables.ts";

export interface Delivery {
  source: InboxTable["source"];
  /** The sender's id of this delivery: its retry is the same row. */
  key: string;
  body: object;
  receivedAt: Date;
}

/** The one INSERT before an answer is given. Returns the row's id, or undefined for a repeated delivery. */
export async function receive(
  db: Queries,
  { source, key, body, receivedAt }: Delivery,
): Promise<number | undefined> {
  const row = await db
    .insertInto("inbox")
    .values({ source, key, body: storableJson(JSON.stringify(body)), received_at: receivedAt })
    .onConflict((conflict) => conflict.columns(["source", "key"]).doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
}

/** Whether a delivery whose key begins so came in at any time. */
export async function isReceived(db: Queries, source: InboxTable["source"], key: string): Promise<boolean> {
  const row = await db
    .selectFrom("inbox")
    .select("id")
    .where("source", "=", source)
    .where(({ fn }) => fn<boolean>("starts_with", ["key", sql.val(key)]))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Received and not yet carried out, oldest first; `due`: without what is to be tried again later than that. */
export async function openDeliveries(
  db: Queries,
  { after = 0, limit = 100, due }: { after?: number; limit?: number; due?: Date } = {},
): Promise<Row<"inbox">[]> {
  return db
    .selectFrom("inbox")
    .selectAll()
    .where("done_at", "is", null)
    .where("id", ">", after)
    .$if(due !== undefined, (query) =>
      query.where((eb) => eb.or([eb("next_at", "is", null), eb("next_at", "<=", due!)])),
    )
    .orderBy("id")
    .limit(limit)
    .execute();
}

export async function markDone(
  db: Queries,
  ids: readonly number[],
  { at, error }: { at: Date; error: string | null },
): Promise<void> {
  await db
    .updateTable("inbox")
    .set({ done_at: at, error })
    .where("id", "in", [...ids])
    .execute();
}

/** Keeps one open that could not be carried out, until it is tried again. */
export async function keepOpen(
  db: Queries,
  ids: readonly number[],
  { error, nextAt }: { error: string; nextAt: Date },
): Promise<void> {
  await db
    .updateTable("inbox")
    .set((eb) => ({ error, next_at: nextAt, attempts: eb("attempts", "+", 1) }))
    .where("id", "in", [...ids])
    .execute();
}

export interface Failing {
  source: InboxTable["source"];
  deliveries: number;
  oldest: Date;
  /** What was wrong with the oldest. */
  error: string;
}

/** What could not be carried out and is kept, by source. */
export async function failingDeliveries(db: Queries): Promise<Failing[]> {
  const rows = await db
    .selectFrom("inbox")
    .select(({ fn }) => [
      "source",
      fn.countAll<number>().as("deliveries"),
      fn.min("received_at").as("oldest"),
      sql<string>`(array_agg(error order by id))[1]`.as("error"),
    ])
    .where("done_at", "is", null)
    .where("attempts", ">", 0)
    .groupBy("source")
    .execute();
  return rows;
}
