import { join } from "node:path";
import { Client, escapeIdentifier } from "pg";
import type { QueryResult } from "pg";
import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { apiRole, createLeak } from "./leak.ts";
import { creditRiskSchema } from "./credit-risk-schema.ts";
import { cluster } from "../seed.ts";
import { writeNightlyBackups } from "./nightly-backups.ts";

export interface PracticeDatabase {
  /** Address of the server, with the right to do anything in it; starts it when it does not run yet. */
  address(): Promise<string>;
  /** Folder of the shares that the pod mounts, with its nightly backups; starts the server too. */
  shares(): Promise<string>;
  /** Leaves so many transactions of the API open. */
  leak(connections: number): Promise<void>;
  close(): Promise<void>;
  /** Tells the server to end and waits for nothing. */
  abandon(): void;
}

/** The database of the system in the runbook. */
const databaseName = "credit_risk_ai";

/**
 * The PostgreSQL behind the practice cluster's postgres pod: real, and started when somebody first asks for it.
 * @param tools folder with a PostgreSQL of this machine to use in place of npm's, its pg_dump included
 */
export function createPracticeDatabase(
  dataDir: string,
  { tools }: { tools?: string } = {},
): PracticeDatabase {
  const shares = join(dataDir, "shares");
  let running: ReturnType<typeof start> | undefined;
  let abandon: () => void = () => undefined;

  async function start() {
    const own = tools === undefined ? {} : { package: null, searchPath: `${tools}:/usr/bin:/bin` };
    const server = await startEmbeddedPostgres({ dataDir, ...own });
    abandon = () => void server.stop().catch(() => undefined);
    const url = new URL(server.url);
    url.pathname = "/postgres";
    await fill(url.href);
    await writeNightlyBackups(join(shares, cluster.backupShare), {
      address: url.href,
      database: databaseName,
      tools,
      now: new Date(),
    });
    return { server, address: url.href };
  }

  async function address(): Promise<string> {
    running ??= start();
    try {
      return (await running).address;
    } catch (error) {
      // The next one who asks tries again.
      running = undefined;
      throw error;
    }
  }

  const forgotten = createLeak(address, databaseName);

  return {
    address,
    leak: (connections) => forgotten.leak(connections),
    async shares() {
      await address();
      return shares;
    },
    abandon: () => abandon(),
    async close() {
      await forgotten.close();
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
  const roles = await query(address, "select rolname from pg_roles");
  const known = new Set(roles.rows.map(({ rolname }) => String(rolname)));
  if (!known.has("postgres")) await query(address, "create role postgres superuser login");
  if (!known.has(apiRole)) await query(address, `create role ${escapeIdentifier(apiRole)} login`);
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
