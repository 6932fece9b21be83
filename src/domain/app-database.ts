import { z } from "zod";

/** An identifier that PostgreSQL takes without quotes, short enough that names can be made of it. */
const SqlName = z.string().regex(/^[a-z_][a-z0-9_]{0,39}$/, "lower-case letters, digits and _, at most 40");
const Folder = z
  .string()
  .regex(/^(\/[\w.-]*[\w-][\w.-]*)+$/, "an absolute path of letters, digits, _, . and -");

/** The PostgreSQL database that an app is, and where its backups are. */
export const AppDatabase = z.strictObject({
  name: SqlName.describe("the database that is backed up and restored"),
  user: SqlName.default("postgres").describe(
    "role that psql, pg_dump and pg_restore connect as in the app's own pod; it must be a superuser",
  ),
  backups: Folder.describe(
    "folder in the app's container, on a volume of its own, with one file for each backup: `.dump` of `pg_dump --format=custom`, or `.sql` of `pg_dump`. Its day is the one in its name (20261122 or 2026-11-22), else that of its last write",
  ),
  data: Folder.default("/var/lib/postgresql/data").describe(
    "folder in the app's container that has room for what is restored",
  ),
  writers: z
    .array(z.string())
    .default([])
    .describe("apps that write to it: a restore scales them to zero while it swaps the databases"),
  rows: z
    .record(SqlName, SqlName)
    .default({})
    .describe(
      "tables in which a plan counts what is newer than a backup, each with its column that says when a row was made",
    ),
});
export type AppDatabase = z.infer<typeof AppDatabase>;
