import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, test } from "vitest";
import { asAccount, chooseAccount } from "../../src/store/embedded/account.ts";
import { findBinaries } from "../../src/store/embedded/binaries.ts";
import { majorOf, ownerOf } from "../../src/store/embedded/cluster.ts";
import { clusterName, isPostmaster } from "../../src/store/embedded/postmaster.ts";
import { installedPackage } from "../../src/store/embedded/package.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { execute } from "../support/database.ts";
import { startProcess, type TestProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ownerScript = new URL("embedded-owner.ts", import.meta.url);

/** A crai of another process, with its server. */
async function startOwner(
  dataDir: string,
): Promise<{ owner: TestProcess; server: Pick<EmbeddedPostgres, "url" | "pid" | "adopted"> }> {
  const owner = startProcess(ownerScript, { args: [JSON.stringify({ dataDir })] });
  const [line] = await owner.waitFor(/\{.*\}/);
  return { owner, server: JSON.parse(line) };
}

function runs(dataDir: string, pid: number): boolean {
  return isPostmaster(pid, clusterName(join(dataDir, "postgres")));
}

/** A data folder with data in it and no server; and the pid file as it was while the server ran. */
async function stoppedFolder(): Promise<{ dataDir: string; pidFile: string; pidFileText: string }> {
  const dataDir = temporaryFolder();
  const pidFile = join(dataDir, "postgres/postmaster.pid");
  await using server = await startEmbeddedPostgres({ dataDir });
  await execute(server.url, "create table fact (id int)", "insert into fact values (1)");
  return { dataDir, pidFile, pidFileText: readFileSync(pidFile, "utf8") };
}

async function facts(url: string): Promise<number[]> {
  return (await execute(url, "select id from fact order by id")).map((row) => Number(row["id"]));
}

test("what was stored is there after a restart, and no process stays behind in between", async () => {
  const dataDir = temporaryFolder();
  const first = await startEmbeddedPostgres({ dataDir });
  await execute(first.url, "create table fact (id int)", "insert into fact values (1), (2)");
  await first.stop();
  expect(runs(dataDir, first.pid)).toBe(false);

  await using second = await startEmbeddedPostgres({ dataDir });
  expect(second).toMatchObject({ url: first.url, adopted: false });
  expect(await facts(second.url)).toEqual([1, 2]);
});

test("writes reach the disk, text is Unicode, and there is no TCP port", async () => {
  await using server = await startEmbeddedPostgres({ dataDir: temporaryFolder() });
  const rows = await execute(
    server.url,
    `select name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'server_encoding', 'listen_addresses')`,
  );
  expect(Object.fromEntries(rows.map((row) => [row["name"], row["setting"]]))).toEqual({
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
    server_encoding: "UTF8",
    listen_addresses: "",
  });
});

test("the server sees none of crai's environment, which holds its secrets", async (context) => {
  context.skip(process.platform !== "linux", "skipped: no /proc");
  process.env["SLACK_BOT_TOKEN"] = "xoxb-secret";
  await using server = await startEmbeddedPostgres({ dataDir: temporaryFolder() });
  delete process.env["SLACK_BOT_TOKEN"];
  expect(readFileSync(`/proc/${server.pid}/environ`, "utf8")).not.toContain("xoxb-secret");
});

test("Ctrl-C in crai's terminal leaves the server running until crai has drained", async () => {
  const dataDir = temporaryFolder();
  const { owner, server } = await startOwner(dataDir);
  process.kill(-owner.pid, "SIGINT");
  await owner.exited;
  expect(await execute(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  await (await startEmbeddedPostgres({ dataDir })).stop();
});

test("crai that was killed finds its server again, with its data", async () => {
  const dataDir = temporaryFolder();
  const { owner, server } = await startOwner(dataDir);
  await execute(server.url, "create table fact (id int)", "insert into fact values (7)");
  await owner.kill();

  await using adopted = await startEmbeddedPostgres({ dataDir });
  expect(adopted).toMatchObject({ url: server.url, pid: server.pid, adopted: true });
  expect(await facts(adopted.url)).toEqual([7]);
  await adopted.stop();
  expect(runs(dataDir, server.pid)).toBe(false);
});

test("a command that used the server ends it, but not under another crai that is connected", async () => {
  const dataDir = temporaryFolder();
  const command = await startEmbeddedPostgres({ dataDir });
  const serve = new Client({ connectionString: command.url });
  await serve.connect();
  await command.release();
  expect(runs(dataDir, command.pid)).toBe(true);

  await serve.end();
  await expect
    .poll(async () => {
      await command.release();
      return runs(dataDir, command.pid);
    })
    .toBe(false);
});

test("a server killed under load comes back at the same address with every acknowledged row", async () => {
  const dataDir = temporaryFolder();
  const first = await startEmbeddedPostgres({ dataDir });
  await execute(first.url, "create table fact (id int)");
  const writer = new Client({ connectionString: first.url });
  writer.on("error", () => undefined);
  await writer.connect();
  let acknowledged = 0;
  const writing = (async () => {
    for (let id = 1; ; id++) {
      await writer.query("insert into fact values ($1)", [id]);
      acknowledged = id;
    }
  })().catch((error: unknown) => error);
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBeGreaterThan(200);
  process.kill(first.pid, "SIGKILL");
  expect(await writing).toBeInstanceOf(Error);

  await using second = await startEmbeddedPostgres({ dataDir });
  expect(second).toMatchObject({ url: first.url, adopted: false });
  const stored = await facts(second.url);
  // The last one may be stored and its answer lost.
  expect([acknowledged, acknowledged + 1]).toContain(stored.length);
  expect(stored).toEqual(stored.map((_, index) => index + 1));
});

test("a process that a killed server left hanging is waited for", async () => {
  const dataDir = temporaryFolder();
  const first = await startEmbeddedPostgres({ dataDir });
  const client = new Client({ connectionString: first.url });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query("select pg_backend_pid() as pid");
  process.kill(rows[0].pid, "SIGSTOP");
  process.kill(first.pid, "SIGKILL");
  spawn("sh", ["-c", `sleep 0.5; kill -CONT ${rows[0].pid}`], { stdio: "ignore" });

  await using second = await startEmbeddedPostgres({ dataDir });
  expect(second.adopted).toBe(false);
  await client.end().catch(() => undefined);
});

test("a server that somebody started by hand on the data is left alone, and named", async () => {
  const { dataDir, pidFile } = await stoppedFolder();
  const cluster = join(dataDir, "postgres");
  const account = chooseAccount(ownerOf(cluster), undefined);
  const sources = { package: installedPackage(), searchPath: "/usr/bin:/bin", links: join(dataDir, "links") };
  const { bin, env } = findBinaries(sources, account, majorOf(cluster));
  const args = ["-D", ".", "-k", ".", "-c", "listen_addresses="];
  const byHand = spawn(join(bin, "postgres"), args, {
    cwd: cluster,
    env,
    stdio: "ignore",
    ...asAccount(account),
  });
  await expect
    .poll(() => existsSync(pidFile) && readFileSync(pidFile, "utf8"), { timeout: 10_000 })
    .toMatch(/ready/);

  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    message: "PostgreSQL ended while starting.",
    why: expect.stringContaining("still in use"),
  });
  expect(byHand.exitCode).toBe(null);
  byHand.kill("SIGINT");
  await once(byHand, "exit");
});

test("of several that start at once on a new folder one starts the server, and the others use it", async () => {
  const dataDir = temporaryFolder();
  const here = [1, 2, 3].map(() => startEmbeddedPostgres({ dataDir }));
  const elsewhere = startOwner(dataDir);
  await using first = await here[0]!;
  const servers = [first, ...(await Promise.all(here.slice(1))), (await elsewhere).server];

  expect(new Set(servers.map((server) => server.pid)).size).toBe(1);
  expect(servers.filter((server) => !server.adopted)).toHaveLength(1);
});

describe("a pid file that a crash left", () => {
  test("is overlooked when its number belongs to a stranger of the same account now", async () => {
    const { dataDir, pidFile, pidFileText } = await stoppedFolder();
    const { uid, gid } = statSync(join(dataDir, "postgres"));
    const stranger = spawn("sleep", ["600"], { uid, gid, stdio: "ignore" });
    writeFileSync(pidFile, pidFileText.replace(/^\d+/, `${stranger.pid}`));

    await using server = await startEmbeddedPostgres({ dataDir });
    expect(await facts(server.url)).toEqual([1]);
    expect(server.adopted).toBe(false);
    expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
    stranger.kill();
  });

  test("is overlooked when its number belongs to a process that ended and was never reaped", async (context) => {
    context.skip(process.platform !== "linux", "skipped: no /proc");
    const { dataDir, pidFile, pidFileText } = await stoppedFolder();
    const { uid, gid } = statSync(join(dataDir, "postgres"));
    // The shell becomes `sleep 600`, which does not know of the child and never asks for its end.
    const script = "sleep 0.1 & echo $!; exec sleep 600";
    const parent = spawn("sh", ["-c", script], { uid, gid, stdio: ["ignore", "pipe", "ignore"] });
    const zombie = String((await once(parent.stdout, "data"))[0]).trim();
    await expect.poll(() => readFileSync(`/proc/${zombie}/stat`, "utf8")).toContain(") Z ");
    writeFileSync(pidFile, pidFileText.replace(/^\d+/, zombie));

    await using server = await startEmbeddedPostgres({ dataDir });
    expect(await facts(server.url)).toEqual([1]);
    parent.kill();
  });

  test("is overlooked when a power cut left it empty", async () => {
    const { dataDir, pidFile } = await stoppedFolder();
    writeFileSync(pidFile, "");

    await using server = await startEmbeddedPostgres({ dataDir });
    expect(await facts(server.url)).toEqual([1]);
  });
});

test("a path too long for a socket is no obstacle, also not for finding the server again", async () => {
  const dataDir = join(temporaryFolder(), "x".repeat(120));
  const { owner, server } = await startOwner(dataDir);
  await owner.kill();

  await using adopted = await startEmbeddedPostgres({ dataDir });
  expect(adopted).toMatchObject({ url: server.url, pid: server.pid, adopted: true });
  expect(await execute(adopted.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a server whose socket was swept out of the temporary folder is replaced", async () => {
  const dataDir = join(temporaryFolder(), "x".repeat(120));
  const { owner, server } = await startOwner(dataDir);
  await execute(server.url, "create table fact (id int)", "insert into fact values (1)");
  await owner.kill();
  rmSync(new URL(server.url).searchParams.get("host")!, { recursive: true });

  await using next = await startEmbeddedPostgres({ dataDir });
  expect(next.adopted).toBe(false);
  expect(await facts(next.url)).toEqual([1]);
});

test("data of another version of PostgreSQL is refused by name, and left as it is", async () => {
  const { dataDir } = await stoppedFolder();
  const version = join(dataDir, "postgres/PG_VERSION");
  writeFileSync(version, "12\n");

  const refusal = await startEmbeddedPostgres({ dataDir }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    message: "The data was written by PostgreSQL 12, which is not here.",
    why: expect.stringContaining("has PostgreSQL 18."),
    next: expect.stringContaining("Install PostgreSQL 12"),
  });

  writeFileSync(version, "18\n");
  await using server = await startEmbeddedPostgres({ dataDir });
  expect(await facts(server.url)).toEqual([1]);
});
