import { existsSync, readFileSync } from "node:fs";
import { Client, DatabaseError } from "pg";
import type { Process } from "../process.ts";
import { onShare } from "../volumes.ts";
import { psqlOptions } from "./options.ts";
import type { PsqlOptions } from "./options.ts";
import { printResult } from "./print.ts";
import type { Result } from "./print.ts";
import { statements } from "./statements.ts";

const listDatabases =
  'select datname as "Name", pg_get_userbyid(datdba) as "Owner", pg_encoding_to_char(encoding) as "Encoding" from pg_database order by 1';
const listTables =
  'select schemaname as "Schema", tablename as "Name", \'table\' as "Type", tableowner as "Owner" from pg_tables where schemaname not in (\'pg_catalog\', \'information_schema\') order by 1, 2';

const socket = 'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed';

/** psql's own commands, as the queries that answer them. */
const metaCommands: Record<string, string> = { "\\l": listDatabases, "\\dt": listTables, "\\d": listTables };

/** Exit codes: 1 its own trouble or a failed -c, 2 no connection, 3 a script stopped by ON_ERROR_STOP. */
export async function psql(process: Process): Promise<number> {
  let options: PsqlOptions;
  try {
    options = psqlOptions(process.argv, process.env);
  } catch (error) {
    process.err(`${(error as Error).message}\npsql: hint: Try "psql --help" for more information.\n`);
    return 1;
  }
  const address = await process.system.database?.();
  if (address === undefined) {
    const question = "Is the server running locally and accepting connections on that socket?";
    process.err(`psql: error: ${socket}: No such file or directory\n\t${question}\n`);
    return 2;
  }
  const client = await connect(process, options, address);
  if (!client) return 2;
  try {
    return await run(process, options, client);
  } finally {
    await client.end();
  }
}

async function connect(process: Process, options: PsqlOptions, address: string): Promise<Client | undefined> {
  const url = new URL(address);
  url.pathname = `/${options.database}`;
  const client = new Client({
    connectionString: url.href,
    application_name: "psql",
    types: { getTypeParser: () => String },
  });
  client.on("notice", ({ severity, message }) => process.err(`${severity}:  ${message}\n`));
  // A connection that ends under a statement is told by that statement.
  client.on("error", () => undefined);
  process.signal.addEventListener("abort", () => void client.end().catch(() => undefined), { once: true });
  try {
    await client.connect();
    const { rows } = await client.query("select from pg_roles where rolname = $1", [options.user]);
    if (rows.length > 0) return client;
    process.err(`psql: error: ${socket}: FATAL:  role "${options.user}" does not exist\n`);
  } catch (error) {
    process.err(`psql: error: ${socket}: FATAL:  ${(error as Error).message}\n`);
  }
  await client.end().catch(() => undefined);
  return undefined;
}

async function run(process: Process, options: PsqlOptions, client: Client): Promise<number> {
  const given = [...options.commands, ...(options.list ? ["\\l"] : [])];
  if (options.singleTransaction) await client.query("begin");
  for (const command of given) {
    if (!(await oneCommand(process, options, { client, text: command }))) return 1;
  }
  const files = options.files.length > 0 || given.length > 0 ? options.files : ["-"];
  for (const file of files) {
    const text = file === "-" ? await process.stdin() : await fileText(process, file);
    if (text === undefined) {
      process.err(`psql: error: ${file}: No such file or directory\n`);
      return 1;
    }
    const name = file === "-" ? "<stdin>" : file;
    if (!(await script(process, options, { client, text, name }))) return 3;
  }
  if (options.singleTransaction) await client.query("commit");
  return 0;
}

async function fileText(process: Process, file: string): Promise<string | undefined> {
  const host = await onShare(process, file);
  return host === undefined || !existsSync(host) ? undefined : readFileSync(host, "utf8");
}

interface Work {
  client: Client;
  text: string;
  /** Before the word ERROR, where a script has gone wrong. */
  where?: string;
}

/** False when it stopped at an error. */
async function script(
  process: Process,
  options: PsqlOptions,
  { client, text, name }: Work & { name: string },
): Promise<boolean> {
  for (const statement of statements(text)) {
    if (/^\\q\b/.test(statement.text)) return true;
    const where = `psql:${name}:${statement.line}: `;
    const done = await oneCommand(process, options, { client, text: statement.text, where });
    if (!done && (options.stopOnError || options.singleTransaction)) return false;
  }
  return true;
}

async function oneCommand(process: Process, options: PsqlOptions, work: Work): Promise<boolean> {
  const { client, where = "" } = work;
  const [name = ""] = work.text.split(/\s/, 1);
  const text = name.startsWith("\\") ? metaCommands[name] : work.text;
  if (text === undefined) {
    process.err(`${where}error: invalid command ${name}\nTry \\? for help.\n`);
    return false;
  }
  try {
    const answered = (await client.query({ text, rowMode: "array" })) as unknown as Result | Result[];
    const texts = statements(text).map((statement) => statement.text);
    for (const [index, result] of [answered].flat().entries()) {
      if (result.command) process.out(printResult(result, texts[index] ?? text, options));
    }
    return true;
  } catch (error) {
    process.err(`${where}${problem(error, text)}`);
    return false;
  }
}

/** An error as psql prints it, with the line and a caret below the place. */
function problem(error: unknown, text: string): string {
  if (!(error instanceof DatabaseError)) {
    return "FATAL:  terminating connection due to administrator command\nserver closed the connection unexpectedly\n";
  }
  const { severity = "ERROR", message, detail, hint, position } = error;
  const lines = [`${severity}:  ${message}`];
  if (position) {
    const before = text.slice(0, Number(position) - 1).split("\n");
    const label = `LINE ${before.length}: `;
    lines.push(`${label}${text.split("\n")[before.length - 1]!}`);
    lines.push(`${" ".repeat(label.length + before.at(-1)!.length)}^`);
  }
  if (detail) lines.push(`DETAIL:  ${detail}`);
  if (hint) lines.push(`HINT:  ${hint}`);
  return `${lines.join("\n")}\n`;
}
