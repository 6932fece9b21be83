import { sql } from "kysely";
import { parseISO } from "date-fns";
import type { Alert } from "../domain/alert.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

export interface Sighted {
  alert: Alert;
  app: string | null;
  environment: string | null;
  at: Date;
}

/** Stores one arrival of an alert, in one statement: a repeat only counts up. */
export async function upsertAlert(
  db: Queries,
  { alert, app, environment, at }: Sighted,
): Promise<Row<"alert">> {
  const startsAt = parseISO(alert.startsAt);
  return db
    .insertInto("alert")
    .values({
      source: alert.source,
      fingerprint: alert.fingerprint,
      starts_at: startsAt,
      ends_at: alert.endsAt === null ? null : parseISO(alert.endsAt),
      status: alert.status,
      level: alert.level,
      title: alert.title,
      app,
      environment,
      last_received_at: at,
      body: JSON.stringify(alert),
    })
    .onConflict((conflict) =>
      conflict.columns(["source", "fingerprint", "starts_at"]).doUpdateSet({
        // A late "firing" of an alert that is resolved is an old delivery: an alert that fires anew starts at another time.
        status: sql`case when alert.status = 'resolved' then alert.status else excluded.status end`,
        ends_at: sql`coalesce(excluded.ends_at, alert.ends_at)`,
        received: sql`alert.received + 1`,
        last_received_at: at,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function alertById(db: Queries, id: number): Promise<Row<"alert"> | undefined> {
  return db.selectFrom("alert").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function attachAlert(trx: Queries, id: number, incident: number): Promise<void> {
  await trx.updateTable("alert").set({ incident }).where("id", "=", id).execute();
}

export async function alertsOfIncident(db: Queries, incident: number): Promise<Row<"alert">[]> {
  return db.selectFrom("alert").selectAll().where("incident", "=", incident).orderBy("starts_at").execute();
}

/** Firing alerts of an app: while one fires, its revision is not well. */
export async function firingAlerts(db: Queries, app: string, environment: string): Promise<Row<"alert">[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("app", "=", app)
    .where("environment", "=", environment)
    .where("status", "=", "firing")
    .execute();
}

/** Ends what still fires under a fingerprint; returns the rows that ended. */
export async function resolveAlerts(
  trx: Queries,
  source: Alert["source"],
  fingerprint: string,
  at: Date,
): Promise<Row<"alert">[]> {
  return trx
    .updateTable("alert")
    .set({ status: "resolved", ends_at: at, last_received_at: at })
    .where("source", "=", source)
    .where("fingerprint", "=", fingerprint)
    .where("status", "=", "firing")
    .returningAll()
    .execute();
}
