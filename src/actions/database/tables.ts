import { z } from "zod";
import { type DatabaseServer, query } from "./server.ts";

const Table = z.object({ name: z.string(), sql: z.string() });
const Counted = z.object({ name: z.string(), rows: z.number() });
const Named = z.object({ what: z.string() });

const own = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'";
const tables = `select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as sql
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and ${own} order by 1`;
/** Primary and foreign keys, checks, uniqueness; since PostgreSQL 18 not-null is one too, and older servers have none. */
const constraints = `select conrelid::regclass || ': ' || conname || (case when convalidated then '' else ' (not valid)' end) as what
  from pg_constraint c join pg_namespace n on n.oid = c.connamespace
  where contype in ('p', 'u', 'f', 'c', 'x') and conrelid <> 0 and ${own}`;
const indexes = `select indexrelid::regclass::text as what from pg_index where not indisvalid`;

export interface DatabaseFacts {
  rows: Map<string, number>;
  constraints: Set<string>;
  notValid: string[];
  brokenIndexes: string[];
}

/** ms for all rows of a database to be counted. */
const countMs = 1_200_000;

/** What there is in a database: every table with its exact number of rows, and its constraints. */
export async function factsOf(server: DatabaseServer, database: string): Promise<DatabaseFacts> {
  const found = await query(server, tables, Table, { database });
  const counts = found.map(
    ({ name, sql }) =>
      `select '${name.replaceAll("'", "''")}' as name, (select count(*) from ${sql}) as rows`,
  );
  const rows =
    counts.length === 0
      ? []
      : await query(server, counts.join(" union all "), Counted, { database, timeoutMs: countMs });
  const held = (await query(server, constraints, Named, { database })).map(({ what }) => what);
  const broken = await query(server, indexes, Named, { database });
  return {
    rows: new Map(rows.map((row) => [row.name, row.rows])),
    constraints: new Set(held),
    notValid: held.filter((what) => what.endsWith(" (not valid)")),
    brokenIndexes: broken.map(({ what }) => what),
  };
}

const Newer = z.object({ total: z.number(), newer: z.number() });

/** Rows of one table, and those made after a moment. */
export async function newerRows(
  server: DatabaseServer,
  { table, column }: { table: string; column: string },
  since: Date,
): Promise<{ total: number; newer: number }> {
  const sql = `select count(*) as total, count(*) filter (where "${column}" > '${since.toISOString()}') as newer from "${table}"`;
  const [row] = await query(server, sql, Newer);
  return row ?? { total: 0, newer: 0 };
}
