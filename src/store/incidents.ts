import { sql } from "kysely";
import {
  channelName,
  type Incident,
  type IncidentKind,
  type IncidentRole,
  type IncidentStatus,
} from "../domain/incident.ts";
import type { Severity } from "../domain/severity.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

function toIncident(row: Row<"incident">): Incident {
  return {
    number: row.number,
    kind: row.kind,
    severity: row.severity,
    status: row.status,
    title: row.title,
    app: row.app,
    environment: row.environment,
    channel: row.channel,
    channelName: row.channel_name,
    pagerdutyIncident: row.pagerduty_incident,
    roles: row.roles,
    episode: row.episode,
    episodeAt: row.episode_at,
    detectedAt: row.detected_at,
    acknowledgedAt: row.acknowledged_at,
    mitigatedAt: row.mitigated_at,
    resolvedAt: row.resolved_at,
    openedAt: row.opened_at,
  };
}

export interface NewIncident {
  /** Its cause. */
  key: string;
  kind: IncidentKind;
  severity: Severity;
  title: string;
  app: string | null;
  environment: string | null;
  pagerdutyIncident: string | null;
  detectedAt: Date;
  openedAt: Date;
}

/** Opens an incident; undefined when the app has an open outage in this environment already (the unique index decides). */
export async function insertIncident(trx: Queries, incident: NewIncident): Promise<Incident | undefined> {
  const row = await trx
    .insertInto("incident")
    .values({
      key: incident.key,
      kind: incident.kind,
      severity: incident.severity,
      status: "open",
      title: incident.title,
      app: incident.app,
      environment: incident.environment,
      channel_name: "",
      pagerduty_incident: incident.pagerdutyIncident,
      roles: "{}",
      episode_at: incident.detectedAt,
      opened_at: incident.openedAt,
      detected_at: incident.detectedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  const named = row.app === null || row.title.toLowerCase().startsWith(row.app.toLowerCase());
  const name = channelName(row.number, named ? row.title : `${row.app} ${row.title}`, row.kind);
  await trx.updateTable("incident").set({ channel_name: name }).where("number", "=", row.number).execute();
  return toIncident({ ...row, channel_name: name });
}

export async function incidentByNumber(db: Queries, number: number): Promise<Incident | undefined> {
  const row = await db.selectFrom("incident").selectAll().where("number", "=", number).executeTakeFirst();
  return row && toIncident(row);
}

export async function incidentByKey(db: Queries, key: string): Promise<Incident | undefined> {
  const row = await db.selectFrom("incident").selectAll().where("key", "=", key).executeTakeFirst();
  return row && toIncident(row);
}

export async function incidentOfChannel(db: Queries, channel: string): Promise<Incident | undefined> {
  const row = await db.selectFrom("incident").selectAll().where("channel", "=", channel).executeTakeFirst();
  return row && toIncident(row);
}

export async function incidentOfPager(db: Queries, pagerdutyIncident: string): Promise<Incident | undefined> {
  const row = await db
    .selectFrom("incident")
    .selectAll()
    .where("pagerduty_incident", "=", pagerdutyIncident)
    .orderBy("number", "desc")
    .executeTakeFirst();
  return row && toIncident(row);
}

/** The one open outage that alerts of this app attach to. */
export async function openOutage(
  db: Queries,
  app: string,
  environment: string,
): Promise<Incident | undefined> {
  const row = await db
    .selectFrom("incident")
    .selectAll()
    .where("kind", "=", "outage")
    .where("status", "<>", "resolved")
    .where("app", "=", app)
    .where("environment", "=", environment)
    .executeTakeFirst();
  return row && toIncident(row);
}

/** Confidential incidents are listed in their own channel only; `everything` is for whoever holds the database. */
export type Audience = { channel: string | null } | "everything";

/** Numbers of the incidents that an audience may hear of. */
export function heardBy(db: Queries, audience: Audience) {
  const numbers = db.selectFrom("incident").select("number");
  if (audience === "everything") return numbers;
  return numbers.where((eb) => eb.or([eb("kind", "=", "outage"), eb("channel", "=", audience.channel)]));
}

/** Newest first. */
export async function listIncidents(
  db: Queries,
  { status, audience, limit }: { status?: IncidentStatus[]; audience: Audience; limit: number },
): Promise<Incident[]> {
  const rows = await db
    .selectFrom("incident")
    .selectAll()
    .$if(status !== undefined, (query) => query.where("status", "in", status ?? []))
    .where("number", "in", heardBy(db, audience))
    .orderBy("number", "desc")
    .limit(limit)
    .execute();
  return rows.map(toIncident);
}

/** Locks the row until the transaction ends, so that two verbs at once are one after the other; rows may refer to it meanwhile. */
export async function lockIncident(trx: Queries, number: number): Promise<Incident | undefined> {
  const row = await trx
    .selectFrom("incident")
    .selectAll()
    .where("number", "=", number)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row && toIncident(row);
}

export interface IncidentChange {
  status?: IncidentStatus;
  severity?: Severity;
  title?: string;
  channel?: string;
  channelName?: string;
  pagerdutyIncident?: string;
  acknowledgedAt?: Date;
  mitigatedAt?: Date | null;
  resolvedAt?: Date | null;
  episode?: number;
  episodeAt?: Date;
}

export async function updateIncident(
  trx: Queries,
  number: number,
  change: IncidentChange,
): Promise<Incident> {
  const columns = {
    ...(change.status !== undefined && { status: change.status }),
    ...(change.severity !== undefined && { severity: change.severity }),
    ...(change.title !== undefined && { title: change.title }),
    ...(change.channel !== undefined && { channel: change.channel }),
    ...(change.channelName !== undefined && { channel_name: change.channelName }),
    ...(change.pagerdutyIncident !== undefined && { pagerduty_incident: change.pagerdutyIncident }),
    ...(change.acknowledgedAt !== undefined && { acknowledged_at: change.acknowledgedAt }),
    ...(change.mitigatedAt !== undefined && { mitigated_at: change.mitigatedAt }),
    ...(change.resolvedAt !== undefined && { resolved_at: change.resolvedAt }),
    ...(change.episode !== undefined && { episode: change.episode }),
    ...(change.episodeAt !== undefined && { episode_at: change.episodeAt }),
  };
  // A second acknowledgment changes nothing that is kept here.
  if (Object.keys(columns).length === 0) return (await incidentByNumber(trx, number))!;
  const row = await trx
    .updateTable("incident")
    .set(columns)
    .where("number", "=", number)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toIncident(row);
}

export async function assignRole(
  trx: Queries,
  number: number,
  role: IncidentRole,
  person: string,
): Promise<Incident> {
  const row = await trx
    .updateTable("incident")
    .set({ roles: sql`roles || jsonb_build_object(${role}::text, ${person}::text)` })
    .where("number", "=", number)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toIncident(row);
}
