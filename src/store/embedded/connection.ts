import { Client } from "pg";

/** `busy`: a server that is starting, stopping or stuck. `absent`: nothing listens on the socket. */
type Answer = "ready" | "busy" | "absent";

const answers: Record<string, Answer> = {
  ENOENT: "absent",
  ECONNREFUSED: "absent",
  ECONNRESET: "busy",
  "57P01": "busy", // admin_shutdown
  "57P02": "busy", // crash_shutdown
  "57P03": "busy", // cannot_connect_now
  "53300": "ready", // too_many_connections: somebody is served
};

const undefinedDatabase = "3D000";
/** The second code is what the loser of a close race gets. */
const duplicateDatabase = new Set<unknown>(["42P04", "23505"]);

/** Address of the server behind a socket. The host name is never looked up, but tools that read addresses want one. */
export function addressOf(socketDir: string, database = "crai"): string {
  return `postgresql://crai@localhost/${database}?host=${encodeURIComponent(socketDir)}`;
}

/** Asks whether the server answers, and makes crai's database if that is still missing. */
export async function ask(socketDir: string): Promise<Answer> {
  try {
    await query(addressOf(socketDir), "select 1");
    return "ready";
  } catch (error) {
    const code = codeOf(error);
    if (code === undefinedDatabase) return createDatabase(socketDir);
    // Without a code: the time-out, or the connection broke off.
    const answer = code === undefined ? "busy" : answers[code];
    if (answer === undefined) throw error;
    return answer;
  }
}

/** Whether a client other than this question is connected. */
export async function isUsed(socketDir: string): Promise<boolean> {
  const clients = await query(
    addressOf(socketDir),
    "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
  );
  return clients.length > 0;
}

async function createDatabase(socketDir: string): Promise<Answer> {
  try {
    await query(addressOf(socketDir, "postgres"), "create database crai");
  } catch (error) {
    // Another crai that found the server running was first.
    if (!duplicateDatabase.has(codeOf(error))) throw error;
  }
  return "ready";
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  // An error after the answer (the server goes away while we hang up) concerns nobody.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
