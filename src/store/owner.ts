import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { Client } from "pg";
import type { Queries } from "./database.ts";

/** Any constant: the advisory lock that one `serve` holds on a database. */
const OWNER = 0x63726169;
/** The channel on which a command line wakes it. */
const WAKE = "crai_wake";

/** Tells whoever serves this database that something is to go out; nobody hears it when nobody serves. */
export async function wakeOwner(db: Queries): Promise<void> {
  await sql`select pg_notify(${WAKE}, '')`.execute(db);
}

/** Whether a `serve` is at work on this database. */
export async function isServed(db: Queries): Promise<boolean> {
  const { rows } = await sql<{ served: boolean }>`
    select exists (
      select from pg_locks
      where locktype = 'advisory' and classid = 0 and objid = ${OWNER}::bigint::oid and objsubid = 1 and granted
        and database = (select oid from pg_database where datname = current_database())
    ) as served`.execute(db);
  return rows[0]?.served === true;
}

export interface Ownership {
  release(): Promise<void>;
}

export interface OwnershipOptions {
  url: string;
  /** ms; undefined: wait until the other one ends (a standby). */
  patience: number | undefined;
  /** Called once when somebody else holds it. */
  onWait: () => void;
  /** Another process stored something that is to go out. */
  onWake: () => void;
  /** The connection that held the lock broke, and with it the ownership. */
  onLost: (error: Error) => void;
}

/** Takes the database for this process: two that serve one would say everything twice. Undefined when patience ran out. */
export async function takeOwnership({
  url,
  patience,
  onWait,
  onWake,
  onLost,
}: OwnershipOptions): Promise<Ownership | undefined> {
  const client = new Client({ connectionString: url, application_name: "crai serve" });
  let released = false;
  client.on("error", (error) => {
    if (!released) onLost(error);
  });
  await client.connect();
  const until = patience === undefined ? Infinity : performance.now() + patience;
  for (let first = true; ; first = false) {
    const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [
      OWNER,
    ]);
    if (rows[0]?.taken === true) break;
    if (first) onWait();
    if (performance.now() >= until) {
      released = true;
      await client.end();
      return undefined;
    }
    await setTimeout(100);
  }
  client.on("notification", onWake);
  await client.query(`listen ${WAKE}`);
  return {
    async release() {
      released = true;
      await client.end();
    },
  };
}
