import { expect, inject, test } from "vitest";
import { createTestDatabase, execute } from "./database.ts";

test("a test database has the whole schema, and what one file stores no other sees", async () => {
  await using one = await createTestDatabase();
  await using other = await createTestDatabase();

  const tables = await execute(one.url, "select schemaname || '.' || tablename as name from pg_tables");
  expect(tables.map((row) => row["name"])).toEqual(
    expect.arrayContaining(["public.incident", "dbos.workflow_status"]),
  );
  await execute(one.url, "create table mine (id int)");
  expect(await execute(other.url, "select to_regclass('mine') as mine")).toEqual([{ mine: null }]);
});

test("a dropped test database is gone, even while a test forgot a connection to it", async () => {
  const database = await createTestDatabase();
  const forgotten = execute(database.url, "select pg_sleep(600)").catch((error: unknown) => error);
  const name = new URL(database.url).pathname.slice(1);
  const { admin } = inject("postgres");
  await expect
    .poll(() => execute(admin, `select 1 from pg_stat_activity where datname = '${name}'`))
    .not.toEqual([]);

  await database.drop();
  expect(await execute(admin, `select 1 from pg_database where datname = '${name}'`)).toEqual([]);
  expect(await forgotten).toBeInstanceOf(Error);
});
