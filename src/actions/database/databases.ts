import { z } from "zod";
import { cleanLine } from "../../domain/clean-text.ts";
import { type DatabaseServer, query } from "./server.ts";

const Found = z.object({ name: z.string(), note: z.string().nullable(), sessions: z.number() });
export type FoundDatabase = z.infer<typeof Found>;

/** The databases of these names that exist, with their comments and how many others are connected to each. */
export async function databasesNamed(
  server: DatabaseServer,
  names: readonly string[],
): Promise<Map<string, FoundDatabase>> {
  const sql = `select d.datname as name, shobj_description(d.oid, 'pg_database') as note,
    (select count(*) from pg_stat_activity a where a.datid = d.oid and a.pid <> pg_backend_pid()
      and a.backend_type = 'client backend') as sessions
    from pg_database d where d.datname in (${names.map((name) => `'${name}'`).join(", ")})`;
  const found = await query(server, sql, Found, { database: "postgres" });
  return new Map(found.map((one) => [one.name, one]));
}

const Session = z.object({ who: z.string(), state: z.string().nullable(), count: z.number() });

/** Who is connected to a database, as one text each, and whether any of them is at work. */
export async function sessionsIn(
  server: DatabaseServer,
  database: string,
): Promise<{ idle: string[]; working: string[] }> {
  const sql = `select coalesce(nullif(application_name, ''), 'a client') || coalesce(' from ' || host(client_addr), '') as who,
    state, count(*) as count from pg_stat_activity
    where datname = '${database}' and backend_type = 'client backend' and pid <> pg_backend_pid() group by 1, 2 order by 1`;
  const found = await query(server, sql, Session, { database: "postgres" });
  const texts = (working: boolean): string[] =>
    found
      .filter(({ state }) => (state !== "idle") === working)
      .map(({ who, state, count }) =>
        cleanLine(`${count} of ${who}${working ? ` (${state ?? "unknown"})` : ""}`),
      );
  return { idle: texts(false), working: texts(true) };
}
