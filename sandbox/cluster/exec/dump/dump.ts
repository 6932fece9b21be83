import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { onShare } from "../volumes.ts";
import type { Process } from "../process.ts";
import { archiveText, listing, readArchive } from "./archive.ts";
import { statementsOf } from "./statements.ts";

/** Newer than any server, so that it dumps them all. */
const practiceVersion = "99.0";

/** Long options with their values, and the words that are no options. */
interface Given {
  options: Map<string, string>;
  words: string[];
}

function givenIn(argv: readonly string[]): Given {
  const options = new Map<string, string>();
  const words: string[] = [];
  for (const word of argv.slice(1)) {
    const [, name, value = ""] = /^--([\w-]+)(?:=([^]*))?$/.exec(word) ?? [];
    if (name === undefined) words.push(word);
    else options.set(name, value);
  }
  return { options, words };
}

/** `dbname=x application_name=y`, or the name alone. */
function connectionIn(text: string): { database: string; application: string | undefined } {
  const pairs = new Map([...text.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key!, value!]));
  return { database: pairs.get("dbname") ?? text, application: pairs.get("application_name") };
}

/** As in a container, it goes on when whoever started it is gone. */
async function connect({ system }: Process, given: string, program: string): Promise<Client> {
  const { database, application } = connectionIn(given);
  const address = await system.database?.();
  if (address === undefined) throw new Error("connection to server failed: No such file or directory");
  const url = new URL(address);
  url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href, application_name: application ?? program });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function failing(process: Process, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    process.err(`${process.argv[0]}: error: ${(error as Error).message}\n`);
    return 1;
  }
}

/** `pg_dump --format=custom --file=F --dbname=D`; other options are taken and mean nothing. */
export function pgDump(process: Process): Promise<number> {
  return failing(process, async () => {
    const { options } = givenIn(process.argv);
    if (options.has("version")) {
      process.out(`pg_dump (PostgreSQL) ${practiceVersion}\n`);
      return 0;
    }
    const file = options.get("file") ?? "";
    const target = await onShare(process, file);
    if (target === undefined)
      throw new Error(`could not open output file "${file}": No such file or directory`);
    const { database } = connectionIn(options.get("dbname") ?? "");
    const client = await connect(process, options.get("dbname") ?? "", "pg_dump");
    try {
      const { tables, text } = await statementsOf(client);
      const server = ((await client.query("show server_version")).rows[0] as { server_version: string })
        .server_version;
      const createdAt = process.system.now().toISOString();
      writeFileSync(target, archiveText({ database, createdAt, server, tables }, text));
    } finally {
      await client.end();
    }
    return 0;
  });
}

/** `pg_restore --list F`, `--file=/dev/null F` or `--dbname=D --single-transaction F`. */
export function pgRestore(process: Process): Promise<number> {
  return failing(process, async () => {
    const { options, words } = givenIn(process.argv);
    const file = words.at(-1) ?? "";
    const source = await onShare(process, file);
    if (source === undefined)
      throw new Error(`could not open input file "${file}": No such file or directory`);
    const archive = readArchive(source);
    if (archive === undefined) throw new Error("input file does not appear to be a valid archive");
    if (options.has("list")) {
      process.out(listing(archive));
      return 0;
    }
    if (!archive.whole) throw new Error("could not read from input file: end of file");
    if (options.has("file")) return 0;
    const client = await connect(process, options.get("dbname") ?? "", "pg_restore");
    try {
      await sleep(process.system.restoreTakesMs?.() ?? 0);
      await client.query(`set role postgres;\n${archive.statements}`);
    } finally {
      await client.end().catch(() => undefined);
    }
    return 0;
  });
}
