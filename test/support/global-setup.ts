import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { GlobalLogger } from "@dbos-inc/dbos-sdk/internal/telemetry/logs";
import { migrateSystemDatabase } from "@dbos-inc/dbos-sdk/internal/system_database";
import type { TestProject } from "vitest/node";
import { migrate, openDatabase } from "../../src/store/database.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { databaseUrl, execute } from "./database.ts";
import { guardFolder, relieveGuard } from "./guard.ts";

/** One PostgreSQL for the whole run, and in it a migrated database that every test file gets a clone of. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.CRAI_TEST_DATABASE_URL || process.env.DATABASE_URL || undefined;
  const admin = given ?? (await startServer());
  const template = `crai_test_${randomUUID().slice(0, 8)}`;
  await execute(admin, `create database ${template}`);

  const url = databaseUrl(admin, template);
  const db = openDatabase(url);
  await migrate(db);
  await db.destroy();
  // DBOS would make its tables at every first start of crai on a clone.
  await migrateSystemDatabase(url, new GlobalLogger(undefined, { logLevel: "error" }));
  // A database cannot be cloned while somebody is connected to it.
  await execute(admin, `alter database ${template} with is_template true allow_connections false`);

  project.provide("postgres", { admin, template });
  return async function teardown(): Promise<void> {
    if (given !== undefined) await dropDatabases(admin, template);
    await relieveGuard();
  };
}

async function startServer(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "crai-test-"));
  guardFolder(folder);
  const { url } = await startEmbeddedPostgres({ dataDir: folder });
  // Tests kill processes but never cut the power: what the kernel holds is safe enough.
  await execute(
    url,
    "alter system set fsync = off",
    "alter system set full_page_writes = off",
    "select pg_reload_conf()",
  );
  return url;
}

/** On a server that is not ours: this run's databases, also those that a killed test left. */
async function dropDatabases(admin: string, template: string): Promise<void> {
  await execute(admin, `alter database ${template} with is_template false`);
  const rows = await execute(
    admin,
    `select datname from pg_database where starts_with(datname, '${template}')`,
  );
  for (const { datname } of rows)
    await execute(admin, `drop database if exists ${String(datname)} with (force)`);
}
