import { setTimeout } from "node:timers/promises";
import { Client } from "pg";

/** Any constant: the advisory lock that one `serve` holds on a database. */
const OWNER = 0x63726169;

export interface Ownership {
  release(): Promise<void>;
}

export interface OwnershipOptions {
  url: string;
  /** ms; undefined: wait until the other one ends (a standby). */
  patience: number | undefined;
  /** Called once when somebody else holds it. */
  onWait: () => void;
  /** The connection that held the lock broke, and with it the ownership. */
  onLost: (error: Error) => void;
}

/** Takes the database for this process: two that serve one would say everything twice. Undefined when patience ran out. */
export async function takeOwnership({
  url,
  patience,
  onWait,
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
  return {
    async release() {
      released = true;
      await client.end();
    },
  };
}
