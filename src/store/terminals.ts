import { sql } from "kysely";
import { Client } from "pg";
import type { Queries } from "./database.ts";

/** Any constant: with a plan's number it is the advisory lock of the terminal that carries the plan out itself. */
const TERMINAL = 0x7465726d;

/** A terminal's word that it is there; it ends with the process, whatever happens to that. */
export interface Terminal {
  /** False when another terminal holds the plan. */
  hold(plan: number): Promise<boolean>;
  release(): Promise<void>;
}

/** Its locks are a session's own, so they have a connection of their own. `onLost`: it broke, and with it the locks. */
export async function openTerminal(url: string, onLost: (error: Error) => void): Promise<Terminal> {
  const client = new Client({ connectionString: url, application_name: "crai command line" });
  let released = false;
  client.on("error", (error) => {
    if (!released) onLost(error);
    released = true;
  });
  await client.connect();
  const held = new Set<number>();
  return {
    async hold(plan) {
      if (held.has(plan)) return true;
      const { rows } = await client.query<{ taken: boolean }>(
        "select pg_try_advisory_lock($1, $2) as taken",
        [TERMINAL, plan],
      );
      const taken = rows[0]?.taken === true;
      if (taken) held.add(plan);
      return taken;
    },
    async release() {
      released = true;
      await client.end();
    },
  };
}

/** Whether some terminal holds a plan. Until the transaction ends no other one can take it. */
export async function isHeld(trx: Queries, plan: number): Promise<boolean> {
  const { rows } = await sql<{ free: boolean }>`
    select pg_try_advisory_xact_lock(${TERMINAL}::int, ${plan}::int) as free`.execute(trx);
  return rows[0]?.free !== true;
}
