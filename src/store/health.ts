import { sql } from "kysely";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

export async function healthOf(db: Queries, target: string): Promise<Row<"revision_health">[]> {
  return db.selectFrom("revision_health").selectAll().where("target", "=", target).execute();
}

export interface Sighting {
  target: string;
  template: string;
  revision: number;
  well: boolean;
  why: string | null;
  at: Date;
  /** ms of unbroken wellness after which a template counts as healthy. */
  healthyAfter: number;
}

/** One look at the template a target runs now. Being unwell breaks the unbroken time but never erases an earlier `healthy_at`. */
export async function recordSighting(db: Queries, sighting: Sighting): Promise<void> {
  const { target, template, revision, well, why, at } = sighting;
  const wellSince = sql<Date | null>`case when ${well} then coalesce(revision_health.well_since, ${at}::timestamptz) end`;
  const since = sql`coalesce(revision_health.well_since, ${at}::timestamptz)`;
  await db
    .insertInto("revision_health")
    .values({
      target,
      template,
      revision,
      well_since: well ? at : null,
      healthy_at: null,
      bad_at: well ? null : at,
      bad_why: why,
      seen_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(["target", "template"]).doUpdateSet({
        revision,
        seen_at: at,
        well_since: wellSince,
        healthy_at: sql`case when ${well} and ${since} <= ${at}::timestamptz - make_interval(secs => ${sighting.healthyAfter / 1000}::float8) then ${at}::timestamptz else revision_health.healthy_at end`,
        bad_at: sql`case when ${well} then revision_health.bad_at else ${at}::timestamptz end`,
        bad_why: sql`case when ${well} then revision_health.bad_why else ${why}::text end`,
      }),
    )
    .execute();
}
