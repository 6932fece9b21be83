import { z } from "zod";
import { formatDuration } from "../domain/deadline.ts";
import { execCalls } from "./exec/calls.ts";
import { databaseOf } from "./diagnose/database.ts";
import { defineProbe } from "./diagnose/probe.ts";
import type { SessionsSeen } from "./diagnose/seen.ts";

const timeoutMs = 8000;

/** pg_stat_activity is a view, not a program: it is read with a query. Texts of queries stay in the database. */
const query = `select count(*) filter (where backend_type = 'client backend'),
 current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
 count(*) filter (where state = 'active' and pid <> pg_backend_pid()),
 count(*) filter (where state like 'idle in transaction%'),
 count(*) filter (where wait_event_type = 'Lock'),
 coalesce(round(extract(epoch from max(clock_timestamp() - xact_start) filter (where pid <> pg_backend_pid() and backend_type = 'client backend'))), 0)
 from pg_stat_activity`.replaceAll("\n", "");

const Row = z.tuple([
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
  z.coerce.number(),
]);

function argv(user: string, name: string): string[] {
  return ["psql", "-X", "-A", "-t", "-F", ",", "-U", user, "-d", name, "-c", query];
}

/** Connections of the database: how many of how many, who waits for a lock, and the longest transaction. */
export const probeSessions = defineProbe({
  name: "probe-sessions",
  params: z.strictObject({}),
  title: ({ app }) => `connections of the database of ${app.name}`,
  calls(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return [];
    const { namespace } = database.target;
    return [{ verb: "list", group: "", resource: "pods", namespace }, ...execCalls(namespace)];
  },
  kubectl(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return [];
    const { namespace, kind, name } = database.target;
    return [
      `kubectl exec -n ${namespace} ${kind}/${name} -- psql -U ${database.user} -d ${database.name} -c "select * from pg_stat_activity"`,
    ];
  },

  async look(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return { state: "unknown", detail: database };
    const { cluster } = context;
    const pods = await cluster.pods(await cluster.workload(database.target));
    const pod = pods.find(({ ready, deleting }) => ready && !deleting);
    if (pod === undefined) return { state: "unknown", detail: `No pod of ${database.target.name} is ready` };
    const { code, stdout, stderr } = await cluster.objects.exec(
      { namespace: database.target.namespace, name: pod.name },
      argv(database.user, database.name),
      { timeoutMs },
    );
    const row = code === 0 ? Row.safeParse(stdout.trim().split(",")).data : undefined;
    if (row === undefined) {
      const says = (stderr || stdout).trim().slice(0, 200) || `exit code ${code ?? "unknown"}`;
      return { state: "unknown", detail: `psql in ${pod.name} did not answer: ${says}` };
    }
    const [used, most, active, idleInTransaction, waiting, longestSeconds] = row;
    const seen: SessionsSeen = { used, most, active, idleInTransaction, waiting, longestSeconds };
    return {
      state: "done",
      evidence: [
        {
          what: `${used} of ${most} connections, ${active} active, ${idleInTransaction} idle in a transaction`,
          ok: used < most * 0.8,
        },
        { what: `${waiting} wait for a lock`, ok: waiting === 0 },
        { what: `Longest transaction: ${formatDuration(longestSeconds * 1000)}`, ok: longestSeconds < 60 },
      ],
      values: seen,
    };
  },
});
