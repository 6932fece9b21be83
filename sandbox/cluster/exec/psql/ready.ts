import { Client } from "pg";
import type { Process } from "../process.ts";

/** pg_isready: 0 accepting connections, 2 no answer. */
export async function pgIsReady({ out, system }: Process): Promise<number> {
  const place = "/var/run/postgresql:5432";
  const address = await system.database?.().catch(() => undefined);
  const client = address === undefined ? undefined : new Client({ connectionString: address });
  try {
    if (!client) throw new Error("there is no server");
    await client.connect();
    await client.end();
    out(`${place} - accepting connections\n`);
    return 0;
  } catch {
    // Why it does not answer is for the server's own log.
    out(`${place} - no response\n`);
    return 2;
  }
}
