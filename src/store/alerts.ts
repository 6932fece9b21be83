import { sql } from "kysely";
import { min } from "date-fns/min";
import { parseISO } from "date-fns/parseISO";
import type { Actor } from "../domain/actor.ts";
import type { Alert } from "../domain/alert.ts";
import type { Incident, IncidentKind } from "../domain/incident.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** Rows of one digest; the next one has the others. */
const MOST_DIGESTED = 5000;

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
        silent_at: null,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Alerts of a recent list; more would be no list that a person reads. */
const MOST_RECENT = 200;

/**
 * Alerts of an environment, or of none, that fire or have begun since a moment, newest first. One of a confidential kind, or
 * in a confidential incident, is nobody's business here.
 */
export async function recentAlerts(
  db: Queries,
  environment: string,
  since: Date,
): Promise<{ title: string; app: string | null; level: string; firing: boolean; startedAt: Date }[]> {
  const rows = await db
    .selectFrom("alert")
    .leftJoin("incident", "incident.number", "alert.incident")
    .select(["alert.title", "alert.app", "alert.level", "alert.status", "alert.starts_at"])
    .where("alert.kind", "=", "outage")
    .where((eb) => eb.or([eb("incident.kind", "is", null), eb("incident.kind", "=", "outage")]))
    .where((eb) => eb.or([eb("alert.environment", "is", null), eb("alert.environment", "=", environment)]))
    .where((eb) => eb.or([eb("alert.status", "=", "firing"), eb("alert.starts_at", ">=", since)]))
    .orderBy("alert.starts_at", "desc")
    .limit(MOST_RECENT)
    .execute();
  return rows.map(({ title, app, level, status, starts_at: startedAt }) => ({
    title,
    app,
    level,
    firing: status === "firing",
    startedAt,
  }));
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
  /** Fire as far as is known, and nobody has said so for long; and since when. */
  silent: { count: number; since: Date } | null;
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
      fn
        .countAll<number>()
        .filterWhere("status", "=", "firing")
        .filterWhere("silent_at", "is", null)
        .as("firing"),
      fn
        .countAll<number>()
        .filterWhere("status", "=", "firing")
        .filterWhere("silent_at", "is not", null)
        .as("silent"),
      fn.min("last_received_at").filterWhere("silent_at", "is not", null).as("silent_since"),
    ])
    .where("incident", "=", incident)
    .groupBy("title")
    .orderBy(({ fn }) => fn.min("id"))
    .execute();
  const firing = rows.filter((row) => row.firing > 0);
  const silent = rows.filter((row) => row.silent > 0);
  return {
    silent:
      silent.length === 0
        ? null
        : {
            count: silent.reduce((sum, row) => sum + row.silent, 0),
            since: min(silent.map((row) => row.silent_since)),
          },
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
    .where("silent_at", "is", null)
    .where("kind", "=", "outage")
    .execute();
}

/**
 * What fires in an incident, by its start. Not the incident of PagerDuty that it is: that is over when this one is.
 */
export async function firingIn(
  db: Queries,
  { number, pagerdutyIncident }: Pick<Incident, "number" | "pagerdutyIncident">,
): Promise<Row<"alert">[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("incident", "=", number)
    .where("status", "=", "firing")
    .where("silent_at", "is", null)
    .where((eb) =>
      eb.or([eb("source", "<>", "pagerduty"), eb("fingerprint", "is distinct from", pagerdutyIncident)]),
    )
    .orderBy("starts_at")
    .orderBy("id")
    .execute();
}

/** What one source has told in an incident so far, beside what others have. */
export interface Told {
  firing: number;
  lastEnd: Date | null;
  titles: string[];
  othersFiring: boolean;
}

export async function toldBy(db: Queries, incident: number, source: Alert["source"]): Promise<Told> {
  const row = await db
    .selectFrom("alert")
    .select(({ fn }) => [
      fn
        .countAll<number>()
        .filterWhere("status", "=", "firing")
        .filterWhere("source", "=", source)
        .as("firing"),
      fn.max("ends_at").filterWhere("source", "=", source).as("last_end"),
      sql<string[]>`coalesce(array_agg(distinct title) filter (where source = ${source}), '{}')`.as("titles"),
      fn
        .countAll<number>()
        .filterWhere("status", "=", "firing")
        .filterWhere("source", "<>", source)
        .as("others"),
    ])
    .where("incident", "=", incident)
    .where("silent_at", "is", null)
    .executeTakeFirstOrThrow();
  return { firing: row.firing, lastEnd: row.last_end, titles: row.titles, othersFiring: row.others > 0 };
}

/** Firing ones that nobody has repeated since; PagerDuty's are asked for instead. */
export async function unheard(db: Queries, before: Date): Promise<Row<"alert">[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("status", "=", "firing")
    .where("source", "<>", "pagerduty")
    .where("silent_at", "is", null)
    .where("last_received_at", "<=", before)
    .orderBy("id")
    .limit(500)
    .execute();
}

/** Marks one as not heard of, unless it was heard meanwhile. */
export async function markSilent(trx: Queries, id: number, before: Date, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable("alert")
    .set({ silent_at: at })
    .where("id", "=", id)
    .where("status", "=", "firing")
    .where("last_received_at", "<=", before)
    .returning("id")
    .executeTakeFirst();
  return row !== undefined;
}

/** PagerDuty's firing ones that neither it has told of nor it was asked for since, the longest first. */
export async function unasked(db: Queries, before: Date, limit: number): Promise<Row<"alert">[]> {
  return db
    .selectFrom("alert")
    .selectAll()
    .where("status", "=", "firing")
    .where("source", "=", "pagerduty")
    .where(({ fn }) => fn.coalesce("asked_at", "last_received_at"), "<=", before)
    .orderBy(({ fn }) => fn.coalesce("asked_at", "last_received_at"))
    .limit(limit)
    .execute();
}

export async function markAsked(db: Queries, id: number, at: Date): Promise<void> {
  await db.updateTable("alert").set({ asked_at: at }).where("id", "=", id).execute();
}

/** Whether everything that is known under a fingerprint has ended. */
export async function isOver(db: Queries, source: Alert["source"], fingerprint: string): Promise<boolean> {
  const row = await db
    .selectFrom("alert")
    .select(({ fn }) => fn.countAll<number>().filterWhere("status", "=", "firing").as("firing"))
    .where("source", "=", source)
    .where("fingerprint", "=", fingerprint)
    .executeTakeFirstOrThrow();
  return row.firing === 0;
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
    .set({ status: "resolved", ends_at: at, last_received_at: at, silent_at: null })
    .where("source", "=", source)
    .where("fingerprint", "=", fingerprint)
    .where("status", "=", "firing")
    .returningAll()
    .execute();
}

export async function lockAlert(trx: Queries, id: number): Promise<Row<"alert"> | undefined> {
  return trx.selectFrom("alert").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
}

export async function assignAlert(trx: Queries, id: number, to: Actor, at: Date): Promise<Row<"alert">> {
  return trx
    .updateTable("alert")
    .set({ assigned_to: JSON.stringify(to), assigned_at: at })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** An app's warnings that have fired since then, that nobody has taken and its owner was not told of; marks them told. */
export async function tellUnassigned(
  trx: Queries,
  { app, before, at }: { app: string | null; before: Date; at: Date },
): Promise<Row<"alert">[]> {
  const rows = await trx
    .updateTable("alert")
    .set({ unassigned_told_at: at })
    .where("app", "is not distinct from", app)
    .where("level", "=", "warning")
    .where("kind", "=", "outage")
    .where("status", "=", "firing")
    .where("silent_at", "is", null)
    .where("assigned_to", "is", null)
    .where("unassigned_told_at", "is", null)
    .where("starts_at", "<=", before)
    .returningAll()
    .execute();
  return rows.sort((a, b) => a.id - b.id);
}

/** Info alerts that have arrived since a digest told of them last. Confidential ones are never told in one. */
export async function undigested(trx: Queries): Promise<Row<"alert">[]> {
  return trx
    .selectFrom("alert")
    .selectAll()
    .where("level", "=", "info")
    .where("kind", "=", "outage")
    .whereRef("digested", "<", "received")
    .orderBy("last_received_at")
    .limit(MOST_DIGESTED)
    .forUpdate()
    .execute();
}

export async function markDigested(trx: Queries, rows: readonly Row<"alert">[]): Promise<void> {
  if (rows.length === 0) return;
  await trx
    .updateTable("alert")
    .set((eb) => ({ digested: eb.ref("received") }))
    .where(
      "id",
      "in",
      rows.map(({ id }) => id),
    )
    .execute();
}
