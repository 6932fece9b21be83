import { type Kysely, sql } from "kysely";

/** Copies of what was there before anything was changed: never altered, never deleted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table evidence_file (
      run bigint not null references run,
      step text not null,
      -- Path within its collection.
      name text not null,
      incident bigint references incident,
      sha256 text not null,
      content bytea not null,
      collected_at timestamptz not null,
      primary key (run, step, name)
    );
    create index evidence_of_incident on evidence_file (incident);
    create trigger evidence_is_append_only before update or delete or truncate on evidence_file
      for each statement execute function refuse_change();
  `.execute(db);
}
