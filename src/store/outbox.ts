import { subMilliseconds } from "date-fns/subMilliseconds";
import { sql } from "kysely";
import { storableJson } from "../domain/storable-json.ts";
import type { Queries } from "./database.ts";
import type { OutboxTable, Row } from "./tables.ts";

/** One effect in the world outside, stored in the same transaction as the fact that causes it. */
export interface Effect {
  key: string;
  system: OutboxTable["system"];
  lane: string;
  message: object;
  at: Date;
}

/** Stores an effect once per key; the same key again is a no-op. */
export async function putOnce(trx: Queries, effect: Effect): Promise<void> {
  await insert(trx, effect)
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

/** Stores the latest state of a message that is edited in place: an unchanged one is not sent again. */
export async function putLatest(trx: Queries, effect: Effect): Promise<void> {
  await insert(trx, effect)
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet({
          message: sql`excluded.message`,
          version: sql`outbox.version + 1`,
          next_at: sql`excluded.next_at`,
          changed_at: sql`excluded.changed_at`,
          attempts: 0,
          failed_at: null,
        })
        .where(sql`outbox.message`, "is distinct from", sql`excluded.message`),
    )
    .execute();
}

function insert(trx: Queries, { key, system, lane, message, at }: Effect) {
  return trx.insertInto("outbox").values({
    key,
    system,
    lane,
    message: storableJson(JSON.stringify(message)),
    next_at: at,
    created_at: at,
    changed_at: at,
  });
}

/**
 * The next due message of each lane: only the head of a lane is ever out, so order holds within it. A head that failed
 * for good no longer blocks its lane.
 */
export async function dueHeads(
  db: Queries,
  system: OutboxTable["system"],
  now: Date,
  busyLanes: readonly string[],
): Promise<Row<"outbox">[]> {
  const heads = await db
    .selectFrom("outbox")
    .distinctOn("lane")
    .selectAll()
    .where("system", "=", system)
    .whereRef("delivered_version", "<", "version")
    .where("failed_at", "is", null)
    .$if(busyLanes.length > 0, (query) => query.where("lane", "not in", [...busyLanes]))
    .orderBy("lane")
    .orderBy("id")
    .execute();
  return heads.filter((row) => row.next_at <= now);
}

/**
 * When the next head of a lane is due; null: nothing waits. What stands behind a head is not asked: it is not due before
 * its head is out.
 */
export async function nextDue(
  db: Queries,
  system: OutboxTable["system"],
  busyLanes: readonly string[] = [],
): Promise<Date | null> {
  const heads = db
    .selectFrom("outbox")
    .distinctOn("lane")
    .select("next_at")
    .where("system", "=", system)
    .whereRef("delivered_version", "<", "version")
    .where("failed_at", "is", null)
    .$if(busyLanes.length > 0, (query) => query.where("lane", "not in", [...busyLanes]))
    .orderBy("lane")
    .orderBy("id");
  const row = await db
    .selectFrom(heads.as("head"))
    .select(({ fn }) => fn.min("head.next_at").as("at"))
    .executeTakeFirst();
  return row?.at ?? null;
}

export async function markDelivered(
  db: Queries,
  row: Row<"outbox">,
  receipt: Row<"outbox">["receipt"],
): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ delivered_version: row.version, receipt: JSON.stringify(receipt), attempts: 0, error: null })
    .where("id", "=", row.id)
    .execute();
}

/** Keeps what is known of a message that is on its way (its ts), before it counts as delivered. */
export async function keepReceipt(db: Queries, id: number, receipt: Row<"outbox">["receipt"]): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ receipt: JSON.stringify(receipt) })
    .where("id", "=", id)
    .execute();
}

export async function retryAt(db: Queries, row: Row<"outbox">, at: Date, error: string): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ attempts: row.attempts + 1, next_at: at, error })
    .where("id", "=", row.id)
    .execute();
}

/** Gives a message up: the other side refused it in a way that no repetition mends. */
export async function markFailed(db: Queries, row: Row<"outbox">, at: Date, error: string): Promise<void> {
  await db
    .updateTable("outbox")
    .set({ failed_at: at, error })
    .where("id", "=", row.id)
    // A newer state that was stored meanwhile deserves its own attempt.
    .where("version", "=", row.version)
    .execute();
}

/** ms. What waited longer than this for its channel is no news any more; the record has it. */
const NEWS = 24 * 60 * 60_000;

/** What was given up because nothing could be said in a channel, with one of these errors, is due again. */
export async function reopenFailed(
  db: Queries,
  { channel, errors, at }: { channel: string; errors: readonly string[]; at: Date },
): Promise<void> {
  const incident = db.selectFrom("incident").select("number").where("channel", "=", channel);
  await db
    .updateTable("outbox")
    .set({ failed_at: null, attempts: 0, next_at: at })
    .where("system", "=", "slack")
    .where("failed_at", ">", subMilliseconds(at, NEWS))
    .where("error", "in", [...errors])
    .where((where) =>
      where.or([
        where(sql<string>`message->>'channel'`, "=", channel),
        where(sql<string>`message->'channel'->>'id'`, "=", channel),
        where(sql<number>`(message->'channel'->>'incident')::int`, "in", incident),
      ]),
    )
    .execute();
}

/** Channels in which something waits that Slack has refused with one of these errors, with the latest. */
export async function refusedChannels(
  db: Queries,
  { errors, at }: { errors: readonly string[]; at: Date },
): Promise<{ channel: string; error: string }[]> {
  const channel = sql<string>`coalesce(message->'channel'->>'id', incident.channel, message->>'channel')`;
  return db
    .selectFrom("outbox")
    .leftJoin("incident", (join) =>
      join.on(sql<boolean>`incident.number = (message->'channel'->>'incident')::int`),
    )
    .select([channel.as("channel"), sql<string>`(array_agg(error order by failed_at desc))[1]`.as("error")])
    .where("system", "=", "slack")
    .where("failed_at", ">", subMilliseconds(at, NEWS))
    .where("error", "in", [...errors])
    .where(channel, "is not", null)
    .groupBy(channel)
    .execute();
}

/** Slack user IDs of everybody whom crai invited to an incident's channel. */
export async function invitedTo(db: Queries, incident: number): Promise<string[]> {
  const rows = await db
    .selectFrom("outbox")
    .select(sql<string[]>`message->'users'`.as("users"))
    .where("system", "=", "slack")
    .where(sql<string>`message->>'do'`, "=", "invite")
    .where(sql<string>`message->'channel'->>'incident'`, "=", String(incident))
    .orderBy("id")
    .execute();
  return rows.flatMap(({ users }) => users);
}

export async function outboxByKey(db: Queries, key: string): Promise<Row<"outbox"> | undefined> {
  return db.selectFrom("outbox").selectAll().where("key", "=", key).executeTakeFirst();
}

export async function outboxById(db: Queries, id: number): Promise<Row<"outbox"> | undefined> {
  return db.selectFrom("outbox").selectAll().where("id", "=", id).executeTakeFirst();
}

/** What was asked of PagerDuty about one of its incidents under this verb and is on its way or done, newest first. */
export async function askedOfPager(db: Queries, lane: string, verb: string): Promise<Row<"outbox">[]> {
  return db
    .selectFrom("outbox")
    .selectAll()
    .where("system", "=", "pagerduty")
    .where("lane", "=", lane)
    .where(sql`message ->> 'do'`, "=", verb)
    .where("failed_at", "is", null)
    .orderBy("id", "desc")
    .limit(20)
    .execute();
}
