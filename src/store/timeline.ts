import { sql } from "kysely";
import type { Actor } from "../domain/actor.ts";
import { type Fact, GENESIS, sealEntry, type Stream, type TimelineEntry } from "../domain/timeline.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

export interface NewEntry {
  stream: Stream;
  at: Date;
  /** The cause; the same key in the same stream is written once. */
  key: string;
  actor: Actor;
  fact: Fact;
}

function toEntry(row: Row<"timeline_entry">): TimelineEntry {
  const { stream, seq, at, actor, fact, previous, hash } = row;
  return { stream, seq, at, actor, fact, previous, hash };
}

/**
 * Appends one fact to its chain. Must run inside a transaction: the head row is locked until it ends, so a stream has
 * one writer at a time and no gaps. Returns undefined when this cause is recorded already.
 */
export async function appendEntry(trx: Queries, entry: NewEntry): Promise<TimelineEntry | undefined> {
  const { stream, at, key, actor, fact } = entry;
  await trx
    .insertInto("stream")
    .values({ stream, seq: 0, hash: GENESIS })
    .onConflict((c) => c.doNothing())
    .execute();
  const head = await trx
    .selectFrom("stream")
    .selectAll()
    .where("stream", "=", stream)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const known = await trx
    .selectFrom("timeline_entry")
    .select("seq")
    .where("stream", "=", stream)
    .where("key", "=", key)
    .executeTakeFirst();
  if (known) return undefined;
  const content = { stream, seq: head.seq + 1, at, actor, fact, previous: head.hash };
  const hash = sealEntry(content);
  await trx
    .insertInto("timeline_entry")
    .values({ ...content, key, actor: JSON.stringify(actor), fact: JSON.stringify(fact), hash })
    .execute();
  await trx.updateTable("stream").set({ seq: content.seq, hash }).where("stream", "=", stream).execute();
  return { ...content, hash };
}

/** Oldest first. */
export async function readStream(db: Queries, stream: Stream, after = 0): Promise<TimelineEntry[]> {
  const rows = await db
    .selectFrom("timeline_entry")
    .selectAll()
    .where("stream", "=", stream)
    .where("seq", ">", after)
    .orderBy("seq")
    .execute();
  return rows.map(toEntry);
}

/** The entry that a cause left in a stream. */
export async function entryByKey(
  db: Queries,
  stream: Stream,
  key: string,
): Promise<TimelineEntry | undefined> {
  const row = await db
    .selectFrom("timeline_entry")
    .selectAll()
    .where("stream", "=", stream)
    .where("key", "=", key)
    .executeTakeFirst();
  return row && toEntry(row);
}

export async function streamNames(db: Queries): Promise<Stream[]> {
  return (await streamHeads(db)).map(({ stream }) => stream);
}

/** Every stream with its head, which tells when entries were cut off its end. */
export async function streamHeads(db: Queries): Promise<Row<"stream">[]> {
  return db
    .selectFrom("stream")
    .selectAll()
    .orderBy(sql`stream`)
    .execute();
}
