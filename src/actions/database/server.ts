import { z } from "zod";
import type { AppDatabase } from "../../domain/app-database.ts";
import { cleanLine } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { ExecResult } from "../../engine/ports.ts";
import { execCalls } from "../exec/calls.ts";

/** What is known of an app in one environment; an action about a whole environment has one for each of its apps. */
export type AppPlace = Pick<ActionContext, "app" | "environment" | "target" | "cluster">;

/** The pod of a database, with its programs. */
export interface DatabaseServer {
  settings: AppDatabase;
  pod: string;
  /** Runs a program in the pod; every argument reaches it as it is. */
  run(command: readonly string[], timeoutMs: number): Promise<ExecResult>;
}

/** ms for what only looks. */
export const lookMs = 20_000;
/** Characters of a program's complaint that are told. */
const longestComplaint = 300;

/** Throws a UserError where crai.yaml does not say that the app is a database. */
export function databaseSettings({ app }: Pick<AppPlace, "app">): AppDatabase {
  if (app.database !== undefined) return app.database;
  throw new UserError(`${app.name} is no database that crai knows.`, {
    why: `crai.yaml has no \`apps.${app.name}.database\`.`,
    next: "Name an app that is a PostgreSQL, or add its database and the folder of its backups; docs/configuration.md says how.",
  });
}

/** Calls to the API that running a program in the database's pod takes. */
export function callsTo({ target: { cluster, namespace } }: Pick<AppPlace, "target">): ResourceCall[] {
  return [
    { cluster, verb: "list", group: "", resource: "pods", namespace },
    ...execCalls(namespace).map((call) => ({ cluster, ...call })),
  ];
}

/** Throws a UserError where no pod of it is ready. */
export async function serverOf(place: AppPlace): Promise<DatabaseServer> {
  const settings = databaseSettings(place);
  const { cluster, target, environment } = place;
  const pods = await cluster.pods(await cluster.workload(target));
  const pod = pods.find(({ ready, deleting }) => ready && !deleting);
  if (pod === undefined)
    throw new UserError(`No pod of ${target.name} is ready.`, {
      why: "The database's programs run in its own pod.",
      next: `Bring ${target.name} back first; \`kubectl describe\` of its pods says what is wrong.`,
    });
  const { container } = environment;
  const at = { namespace: target.namespace, name: pod.name, ...(container !== undefined && { container }) };
  return {
    settings,
    pod: pod.name,
    run: (command, timeoutMs) => cluster.objects.exec(at, command, { timeoutMs }),
  };
}

/** What a program said of its failure, on one line. */
export function complaint({ code, stdout, stderr }: ExecResult): string {
  const said = cleanLine(stderr || stdout).slice(0, longestComplaint);
  return said === "" ? `exit code ${code ?? "unknown"}` : said;
}

/** The rows that a query yields; a UserError with PostgreSQL's own words when it fails. */
export async function query<Shape>(
  server: DatabaseServer,
  sql: string,
  shape: z.ZodType<Shape>,
  { database = server.settings.name, timeoutMs = lookMs }: { database?: string; timeoutMs?: number } = {},
): Promise<Shape[]> {
  const { user } = server.settings;
  const rows = `select coalesce(json_agg(found), '[]') from (${sql}) found`;
  const ended = await server.run(
    [
      "psql",
      "-X",
      "-A",
      "-t",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "-U",
      user,
      "-d",
      database,
      // What nobody waits for any more does not go on in the database.
      "-c",
      `set statement_timeout = ${timeoutMs}`,
      "-c",
      rows,
    ],
    timeoutMs + 5000,
  );
  if (ended.code === 0) return z.array(shape).parse(JSON.parse(ended.stdout));
  throw refusedBy(server, "psql", ended);
}

/** One statement or several in one transaction, on the maintenance database. */
export async function command(server: DatabaseServer, sql: string, timeoutMs = lookMs): Promise<void> {
  const { user } = server.settings;
  const ended = await server.run(
    ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", "postgres", "-c", sql],
    timeoutMs,
  );
  if (ended.code !== 0) throw refusedBy(server, "psql", ended);
}

export function refusedBy({ pod }: DatabaseServer, program: string, ended: ExecResult): UserError {
  return new UserError(`${program} in ${pod} failed: ${complaint(ended)}.`, {
    why: "It is PostgreSQL's own answer.",
    next: "Put right what it names, then plan again.",
  });
}
