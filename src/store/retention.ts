import { type RawBuilder, sql } from "kysely";
import type { Queries } from "./database.ts";

/** Rows that one statement deletes: a first sweep over years must not hold everything up. */
const BATCH = 1000;

/** What is deleted at the end of its time. Timelines, incidents, plans, approvals and runs are in no row of this table. */
const sweeps: readonly {
  table: string;
  key: string;
  of: "deliveries" | "record";
  ended: (before: Date) => RawBuilder<unknown>;
}[] = [
  // A pinned message is looked up when somebody edits it.
  {
    table: "inbox",
    key: "id",
    of: "deliveries",
    ended: (before) => sql`done_at < ${before} and body->>'kind' is distinct from 'message.pinned'`,
  },
  { table: "inbox", key: "id", of: "record", ended: (before) => sql`done_at < ${before}` },
  // Posts are edited, answered in threads and carry buttons; the rest is said and done.
  {
    table: "outbox",
    key: "id",
    of: "deliveries",
    ended: (before) => sql`${gone(before)} and message->>'do' not in ('post', 'open-channel')`,
  },
  { table: "outbox", key: "id", of: "record", ended: gone },
  { table: "deadline", key: "key", of: "deliveries", ended: (before) => sql`done_at < ${before}` },
  {
    table: "alert",
    key: "id",
    of: "record",
    ended: (before) => sql`status = 'resolved' and last_received_at < ${before} and not exists (
      select from incident where incident.number = alert.incident
        and (incident.resolved_at is null or incident.resolved_at >= ${before}))`,
  },
  {
    table: "revision_health",
    key: "(target, template)",
    of: "record",
    ended: (before) => sql`seen_at < ${before}`,
  },
];

function gone(before: Date): RawBuilder<unknown> {
  return sql`(delivered_version >= version or failed_at is not null) and changed_at < ${before}`;
}

/** Deletes what ended before the dates; returns how many rows went, by table. */
export async function deleteEnded(
  db: Queries,
  before: Record<"deliveries" | "record", Date>,
): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {};
  for (const { table, key, of, ended } of sweeps) {
    for (let went = BATCH; went === BATCH;) {
      const { numAffectedRows = 0n } = await sql`
        delete from ${sql.ref(table)} where ${sql.raw(key)} in (
          select ${sql.raw(key.replaceAll(/[()]/g, ""))} from ${sql.ref(table)} where ${ended(before[of])} limit ${BATCH})`.execute(
        db,
      );
      went = Number(numAffectedRows);
      if (went > 0) deleted[table] = (deleted[table] ?? 0) + went;
    }
  }
  return deleted;
}
