import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { hideSecrets } from "./diagnose/hide-secrets.ts";
import { databaseOf } from "./diagnose/database.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { askDatabase, callsOf, psqlLine } from "./diagnose/psql.ts";

const mostQueries = 5;
const mostTables = 5;

/** Where the view is; some keep extensions in a schema of their own. */
const whereQuery = `select coalesce((select jsonb_build_object('schema', n.nspname, 'version', e.extversion)
 from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'), 'null')`;
const Where = z.object({ schema: z.string(), version: z.string() }).nullable();

/** The server has put $1, $2, … in place of literals already. */
function slowestQuery(schema: string): string {
  const name = `"${schema.replaceAll('"', '""')}".pg_stat_statements`;
  return `select coalesce(jsonb_agg(q), '[]') from (select left(s.query, 400) as text, s.calls,
 round(s.mean_exec_time::numeric, 1) as mean, round(s.total_exec_time::numeric / 1000, 1) as total
 from ${name} s where s.dbid = (select oid from pg_database where datname = current_database())
 and s.query !~* '^\\s*(begin|commit|rollback|set|show)' and s.query not like '%pg_stat_statements%'
 order by s.total_exec_time desc limit ${mostQueries}) q`;
}
const Slowest = z.array(
  z.object({ text: z.string(), calls: z.number(), mean: z.coerce.number(), total: z.coerce.number() }),
);

/** Large tables that are read from end to end: an index may be missing. */
const scansQuery = `select coalesce(jsonb_agg(t), '[]') from (select s.schemaname || '.' || s.relname as name, s.seq_scan as scans,
 s.n_live_tup as rows, round(s.seq_tup_read::numeric / greatest(s.seq_scan, 1)) as each
 from pg_stat_user_tables s where s.n_live_tup >= 10000 and s.seq_scan > 50 and s.seq_scan > coalesce(s.idx_scan, 0)
 order by s.seq_tup_read desc limit ${mostTables}) t`;
const Scans = z.array(
  z.object({ name: z.string(), scans: z.number(), rows: z.number(), each: z.coerce.number() }),
);

function oneLine(query: string): string {
  return query.replaceAll(/\s*\n\s*/g, " ");
}

function queryText({ text, calls, mean, total }: z.infer<typeof Slowest>[number]): string {
  const short = hideSecrets(cleanLine(text)).slice(0, 160);
  return `${total} s in ${calls} calls of ${mean} ms each: ${short}`;
}

/** Which queries of the app's database take the most time, and where an index may be missing: hints, and nothing is changed. */
export const probeQueries = defineProbe({
  name: "probe-queries",
  params: z.strictObject({}),
  title: ({ app }) => `slow queries of the database of ${app.name}`,
  calls(context) {
    const database = databaseOf(context);
    return typeof database === "string" ? [] : callsOf(database);
  },
  kubectl(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return [];
    return [
      psqlLine(database, "select * from pg_stat_statements order by total_exec_time desc limit 5"),
      psqlLine(database, "select * from pg_stat_user_tables order by seq_tup_read desc limit 5"),
    ];
  },

  async look(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return { state: "unknown", detail: database };
    const ask = <Shape extends z.ZodType>(query: string, shape: Shape) =>
      askDatabase(database, context, { query: oneLine(query), shape });
    const [where, scans] = await Promise.all([ask(whereQuery, Where), ask(scansQuery, Scans)]);
    const slowest = where === null ? [] : await ask(slowestQuery(where.schema), Slowest);
    const evidence: Evidence[] = [
      ...(where === null
        ? [
            {
              what: `Which queries are slow is not recorded: ${database.name} has no pg_stat_statements. Its owner adds it to shared_preload_libraries, restarts, and runs create extension`,
              ok: null,
            },
          ]
        : slowest.map((query) => ({ what: queryText(query), ok: null }))),
      ...scans.map(({ name, scans: times, rows, each }) => ({
        what: `${name} (${rows} rows) was read from end to end ${times} times, ${each} rows each: is there an index for what is asked of it?`,
        ok: null,
      })),
      ...(scans.length === 0 ? [{ what: "No large table is mostly read from end to end", ok: true }] : []),
    ];
    return {
      state: "done",
      evidence,
      values: { recorded: where !== null, queries: slowest.length, scans: scans.map(({ name }) => name) },
    };
  },
});
