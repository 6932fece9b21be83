import { Client, escapeIdentifier } from "pg";
import type { QueryResult } from "pg";
import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { creditRiskSchema } from "./credit-risk-schema.ts";

export interface PracticeDatabase {
  /** Address of the server, with the right to do anything in it; starts it when it does not run yet. */
  address(): Promise<string>;
  close(): Promise<void>;
}

/** The database of the system in the runbook. */
const databaseName = "credit_risk_ai";

/** The PostgreSQL behind the practice cluster's postgres pod: real, and started when somebody first asks for it. */
export function createPracticeDatabase(dataDir: string): PracticeDatabase {
  let running: ReturnType<typeof start> | undefined;

  async function start() {
    const server = await startEmbeddedPostgres({ dataDir });
    const url = new URL(server.url);
    url.pathname = "/postgres";
    await fill(url.href);
    return { server, address: url.href };
  }

  return {
    async address() {
      running ??= start();
      try {
        return (await running).address;
      } catch (error) {
        // The next one who asks tries again.
        running = undefined;
        throw error;
      }
    },
    async close() {
      const started = await running?.catch(() => undefined);
      await started?.server.stop();
    },
  };
}

/** Makes the database anew, as the cluster is new with each start, and takes away what was restored beside it. */
async function fill(address: string): Promise<void> {
  const others = "select datname from pg_database where not datistemplate and datname <> 'postgres'";
  for (const { datname } of (await query(address, others)).rows) {
    await query(address, `drop database ${escapeIdentifier(String(datname))} with (force)`);
  }
  const roles = await query(address, "select from pg_roles where rolname = 'postgres'");
  if (!roles.rowCount) await query(address, "create role postgres superuser login");
  await query(address, `create database ${databaseName} owner postgres`);
  const own = new URL(address);
  own.pathname = `/${databaseName}`;
  await query(own.href, creditRiskSchema);
}

async function query(address: string, text: string): Promise<QueryResult> {
  const client = new Client({ connectionString: address });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}
