import { sql } from "kysely";
import type { Actor } from "../domain/actor.ts";
import { storableJson } from "../domain/storable-json.ts";
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
export async function appendEntry(
  trx: Queries,
  { stream, ...entry }: NewEntry,
): Promise<TimelineEntry | undefined> {
  return (await appendEntries(trx, stream, [entry]))[0];
}

/** The same for several at once, in their order; returns those that are new. */
export async function appendEntries(
  trx: Queries,
  stream: Stream,
  entries: readonly Omit<NewEntry, "stream">[],
): Promise<TimelineEntry[]> {
  if (entries.length === 0) return [];
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
  const byKey = new Map(entries.toReversed().map((entry) => [entry.key, entry]));
  const known = await trx
    .selectFrom("timeline_entry")
    .select("key")
    .where("stream", "=", stream)
    .where("key", "in", [...byKey.keys()])
    .execute();
  for (const { key } of known) byKey.delete(key);
  let { seq, hash } = head;
  const fresh = entries
    .filter((entry) => byKey.get(entry.key) === entry)
    .map(({ at, key, actor, fact: given }) => {
      const fact = JSON.parse(storableJson(JSON.stringify(given))) as Fact;
      const content = { stream, seq: ++seq, at, actor, fact, previous: hash };
      hash = sealEntry(content);
      return { key, sealed: { ...content, hash } };
    });
  if (fresh.length === 0) return [];
  await trx
    .insertInto("timeline_entry")
    .values(
      fresh.map(({ key, sealed }) => ({
        ...sealed,
        key,
        actor: JSON.stringify(sealed.actor),
        fact: JSON.stringify(sealed.fact),
      })),
    )
    .execute();
  await trx.updateTable("stream").set({ seq, hash }).where("stream", "=", stream).execute();
  return fresh.map(({ sealed }) => sealed);
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

/** The last entry of a kind; a stream may have thousands of others. */
export async function latestOf(
  db: Queries,
  stream: Stream,
  kind: Fact["kind"],
): Promise<TimelineEntry | undefined> {
  const row = await db
    .selectFrom("timeline_entry")
    .selectAll()
    .where("stream", "=", stream)
    .where(sql`fact ->> 'kind'`, "=", kind)
    .orderBy("seq", "desc")
    .executeTakeFirst();
  return row && toEntry(row);
}

/** Entries of these kinds, oldest first; a stream may have thousands of others. */
export async function entriesOfKinds(
  db: Queries,
  stream: Stream,
  kinds: readonly Fact["kind"][],
): Promise<TimelineEntry[]> {
  const rows = await db
    .selectFrom("timeline_entry")
    .selectAll()
    .where("stream", "=", stream)
    .where(sql<string>`fact ->> 'kind'`, "in", [...kinds])
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
