import { sql } from "kysely";
import { parseISO } from "date-fns/parseISO";
import type { Alert } from "../domain/alert.ts";
import type { IncidentKind } from "../domain/incident.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

export interface Sighted {
  alert: Alert;
  kind: IncidentKind;
  app: string | null;
  environment: string | null;
  at: Date;
}

/** Stores one arrival of an alert, in one statement: a repeat only counts up. */
export async function upsertAlert(
  db: Queries,
  { alert, kind, app, environment, at }: Sighted,
): Promise<Row<"alert">> {
  const startsAt = parseISO(alert.startsAt);
  return db
    .insertInto("alert")
    .values({
      source: alert.source,
      fingerprint: alert.fingerprint,
      group_key: alert.group,
      kind,
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

export async function attachAlerts(trx: Queries, ids: readonly number[], incident: number): Promise<void> {
  if (ids.length > 0)
    await trx
      .updateTable("alert")
      .set({ incident })
      .where("id", "in", [...ids])
      .execute();
}

/** The confidential alert that was last told of under this group, by whatever source; `open`: of an open incident. */
export async function confidentialOfGroup(
  db: Queries,
  { group, open = false }: { group: string; open?: boolean },
): Promise<Pick<Row<"alert">, "kind" | "incident"> | undefined> {
  return db
    .selectFrom("alert")
    .select(["kind", "incident"])
    .where("group_key", "=", group)
    .where("kind", "<>", "outage")
    .$if(open, (query) =>
      query.where("incident", "in", (eb) =>
        eb.selectFrom("incident").select("number").where("status", "<>", "resolved"),
      ),
    )
    .orderBy("id", "desc")
    .executeTakeFirst();
}

/** The open outage of the alerts that belong to no app. */
export async function openUnmatched(db: Queries): Promise<number | undefined> {
  const row = await db
    .selectFrom("incident")
    .select("number")
    .where("kind", "=", "outage")
    .where("status", "<>", "resolved")
    .where("app", "is", null)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("alert")
          .select("id")
          .whereRef("alert.incident", "=", "incident.number")
          .where("alert.app", "is", null),
      ),
    )
    .orderBy("number", "desc")
    .executeTakeFirst();
  return row?.number;
}

/** What a card says of an incident's alerts, however many there are. */
export interface AlertTotals {
  firing: number;
  /** Different ones. */
  total: number;
  /** With every repeat. */
  received: number;
  /** Names of those that fire, or of all when none does; by their first appearance. */
  names: string[];
}

export async function alertTotals(db: Queries, incident: number): Promise<AlertTotals> {
  const rows = await db
    .selectFrom("alert")
    .select(({ fn }) => [
      "title",
      fn.countAll<number>().as("total"),
      fn.sum<string>("received").as("received"),
      fn.countAll<number>().filterWhere("status", "=", "firing").as("firing"),
    ])
    .where("incident", "=", incident)
    .groupBy("title")
    .orderBy(({ fn }) => fn.min("id"))
    .execute();
  const firing = rows.filter((row) => row.firing > 0);
  return {
    firing: rows.reduce((sum, row) => sum + row.firing, 0),
    total: rows.reduce((sum, row) => sum + row.total, 0),
    // A sum of bigint is a numeric, which arrives as text.
    received: rows.reduce((sum, row) => sum + Number(row.received), 0),
    names: (firing.length > 0 ? firing : rows).map(({ title }) => title),
  };
}

/** Firing alerts of an app: while one fires, its revision is not well. Confidential ones would be named beside it. */
export async function firingAlerts(db: Queries, app: string, environment: string): Promise<Row<"alert">[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("app", "=", app)
    .where("environment", "=", environment)
    .where("status", "=", "firing")
    .where("kind", "=", "outage")
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
