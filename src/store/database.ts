import { Kysely, PostgresDialect, type Transaction } from "kysely";
import { Migrator } from "kysely/migration";
import { Pool, types } from "pg";
import * as record from "./migrations/0001-record.ts";
import * as evidence from "./migrations/0002-evidence.ts";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;
/** What a query needs: the pool, or the transaction that several facts are stored in at once. */
export type Queries = Kysely<Tables> | Transaction<Tables>;

/** Opens the pool. None of our bigints nears 2^53, so they are read as numbers. */
export function openDatabase(url: string, options: { connections?: number } = {}): Database {
  const pool = new Pool({
    connectionString: url,
    max: options.connections ?? 10,
    types: {
      getTypeParser: (id, format) => (id === types.builtins.INT8 ? Number : types.getTypeParser(id, format)),
    },
  });
  // A connection that PostgreSQL closes (a restart) fails its query or is replaced at the next one; without listeners,
  // on idle connections and on those in use, it would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** SQLSTATEs of a transaction that another one was in the way of: begun anew it may pass. */
const CONTENDED = new Set(["40001", "40P01"]);

/** Whether the same transaction may pass at once: it lost against another one. */
export function isContended(error: unknown): boolean {
  return error instanceof Error && "code" in error && CONTENDED.has(String(error.code));
}

/** SQLSTATE classes of a server that is not there or has no room now: the same statement may do later. */
const PASSING = /^(08|40|53|55|57|58)[0-9A-Z]{3}$/;

/** Whether the database could not be asked, rather than refused what it was asked. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return PASSING.test(code) || /^E[A-Z]{3,}$/.test(code) || /connection|connect/i.test(error.message);
}

/** Brings the schema up to date; several processes may call it at once (kysely takes a lock). */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ "0001-record": record, "0002-evidence": evidence }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error("Migrating the database", { cause: error });
}
