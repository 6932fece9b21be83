import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { archiveText } from "../cluster/exec/dump/archive.ts";
import { statementsOf } from "../cluster/exec/dump/statements.ts";

interface Nightly {
  /** Address of the server, with the right to do anything in it. */
  address: string;
  database: string;
  /** Folder with PostgreSQL's own pg_dump; undefined: archives of the practice kind. */
  tools: string | undefined;
  now: Date;
}

const day = 86_400_000;
const nights = 3;
/** ms from the beginning of a nightly backup to its end. */
const tookMs = 214_000;

/** The backups of the last nights (02:00 UTC), each with the rows that there were then. */
export async function writeNightlyBackups(folder: string, nightly: Nightly): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { now } = nightly;
  const two = now.getTime() - (now.getTime() % day) + 2 * 3_600_000;
  const last = two + tookMs > now.getTime() ? two - day : two;
  for (let ago = 0; ago < nights; ago++) await writeBackup(folder, new Date(last - ago * day), nightly);
}

async function writeBackup(folder: string, at: Date, { address, database, tools }: Nightly): Promise<void> {
  const copy = "nightly";
  await withClient(address, "postgres", async (client) => {
    await client.query(`create database ${copy} template ${database}`);
  });
  const file = join(folder, `${database}_${at.toISOString().slice(0, 10).replaceAll("-", "")}.dump`);
  await withClient(address, copy, async (client) => {
    await client.query("delete from predictions where made_at > $1", [at]);
    await client.query(
      "delete from applications where received_at > $1 or id not in (select application_id from predictions)",
      [at],
    );
    if (tools === undefined) {
      const { tables, text } = await statementsOf(client);
      const { rows } = await client.query<{ server_version: string }>("show server_version");
      const header = { database, createdAt: at.toISOString(), server: rows[0]!.server_version, tables };
      writeFileSync(file, archiveText(header, text));
    }
  });
  // An archive names its database.
  if (tools !== undefined)
    await underName(address, database, copy, () => dumpWith(tools, { address, database, file }));
  await withClient(address, "postgres", async (client) => {
    await client.query(`drop database ${copy}`);
  });
  const ended = new Date(at.getTime() + tookMs);
  utimesSync(file, ended, ended);
}

/** While this works, the copy has the database's name. */
async function underName(address: string, database: string, copy: string, work: () => void): Promise<void> {
  const rename = (names: readonly [string, string][]): Promise<void> =>
    withClient(address, "postgres", async (client) => {
      for (const [from, to] of names) await client.query(`alter database ${from} rename to ${to}`);
    });
  await rename([
    [database, "tonight"],
    [copy, database],
  ]);
  work();
  await rename([
    [database, copy],
    ["tonight", database],
  ]);
}

function dumpWith(
  tools: string,
  { address, database, file }: { address: string; database: string; file: string },
): void {
  const url = new URL(address);
  const host = url.searchParams.get("host") ?? url.hostname;
  const { status, stderr } = spawnSync(
    join(tools, "pg_dump"),
    ["--format=custom", `--file=${file}`, "--host", host, "--username", "postgres", database],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`pg_dump: ${stderr}`);
}

async function withClient(
  address: string,
  database: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const url = new URL(address);
  url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
