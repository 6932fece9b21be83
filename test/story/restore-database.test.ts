import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cluster as seed } from "../../sandbox/seed.ts";
import type { Message } from "../../sandbox/slack/client-api.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { postgresTools } from "../support/program.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, storyTimeout } from "./story.ts";

let world: World;

/** A client of the practice database's server. */
async function connected(database: string): Promise<Client> {
  const url = new URL(await world.sandbox.cluster.database!());
  url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href, application_name: "billing" });
  // Ended by whoever restores.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function rows(sql: string, database = "credit_risk_ai"): Promise<Record<string, unknown>[]> {
  const client = await connected(database);
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function applications(database?: string): Promise<number> {
  return Number((await rows("select count(*) as count from applications", database))[0]!["count"]);
}

async function databases(): Promise<string[]> {
  const found = await rows(
    "select datname from pg_database where datname like 'credit%' order by 1",
    "postgres",
  );
  return found.map(({ datname }) => String(datname));
}

async function backupFolder(): Promise<string> {
  return join(await world.sandbox.cluster.host!.shares!(), seed.backupShare);
}

async function newestBackup(): Promise<string> {
  return readdirSync(await backupFolder())
    .filter((file) => /^credit_risk_ai_\d{8}\.dump$/.test(file))
    .toSorted()
    .at(-1)!;
}

function replicasOf(name: string): number {
  const found = world.sandbox.cluster.store.get("deployments", seed.namespace, name);
  return (found as unknown as { spec: { replicas: number } }).spec.replicas;
}

/** The plan that alex is shown. */
async function planned(line: string): Promise<Message> {
  const { alex } = world;
  const after = (await alex.history(teamChannel)).at(-1)?.ts ?? "";
  await alex.command(teamChannel, line);
  return alex.waitForMessage(teamChannel, /Nothing has been touched|cannot be run/, { withinMs, after });
}

/** Two others say yes, and the run is named. */
async function approved(plan: Message): Promise<string> {
  const number = Number(/^P(\d+) · /m.exec(textOf(plan))![1]);
  await world.robin.press(plan, "Approve");
  await vi.waitFor(async () => expect(await yeses(number)).toBe(1), { timeout: withinMs });
  await world.sasha.press(plan, "Approve");
  const run = await vi.waitUntil(
    () => world.db.selectFrom("run").select("number").where("plan", "=", number).executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  return `R${run.number}`;
}

async function yeses(plan: number): Promise<number> {
  return (await world.db.selectFrom("approval").selectAll().where("plan", "=", plan).execute()).length;
}

async function agreed(run: string, answer: "swap" | "leave"): Promise<string> {
  const asked = await world.alex.waitForMessage(
    teamChannel,
    new RegExp(`swap the databases\\?.*${run} asks`, "s"),
    {
      withinMs: 60_000,
    },
  );
  await world.alex.command(teamChannel, `/crai answer ${run} agree ${answer}`);
  return textOf(asked);
}

async function end(run: string): Promise<string> {
  return textOf(await ended(world.alex, teamChannel, run));
}

const own = postgresTools();
const servers = [
  { name: "the practice programs", postgres: undefined },
  ...(own === undefined ? [] : [{ name: "PostgreSQL's own programs", postgres: own }]),
];

/** What alex is told of a run that he asked for, agreed to by two others; `swap` where it comes so far. */
async function carriedOut(plan: Message, swap: boolean): Promise<string> {
  const run = await approved(plan);
  if (swap) await agreed(run, "swap");
  return end(run);
}

/** Nothing of what crai makes is there, and what was in force still is. */
async function untouched(): Promise<void> {
  expect(await databases()).toEqual(["credit_risk_ai"]);
  expect(await applications()).toBe(500);
  expect([replicasOf("api-deployment"), replicasOf("federated-server-deployment")]).toEqual([3, 1]);
}

/** Puts a backup of its own day into the folder; it is gone after the test. */
async function putBackup(file: string, bytes: Buffer): Promise<string> {
  const path = join(await backupFolder(), file);
  writeFileSync(path, bytes);
  onTestFinished(() => rmSync(path));
  return path;
}

/** PostgreSQL's own pg_dump on the practice database's server. */
async function dump(tools: string, database: string, options: string[]): Promise<void> {
  const host = new URL(await world.sandbox.cluster.database!()).searchParams.get("host")!;
  const argv = [...options, "-h", host, "-U", "postgres", database];
  const { status, stderr } = spawnSync(join(tools, "pg_dump"), argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

/** The day that `--backup` asks for the file of. */
const day = "2026-01-31";
const ofThatDay = "credit_risk_ai_20260131.dump";

describe.each(servers)("a database restored with $name", { timeout: storyTimeout }, ({ postgres }) => {
  beforeAll(async () => {
    world = await startWorld({ pace, ...(postgres !== undefined && { postgres }) });
    return () => world.close();
  }, storyTimeout);

  test("cannot be one whose end is missing, which is found before anything is stopped", async () => {
    const whole = readFileSync(join(await backupFolder(), await newestBackup()));
    await putBackup(ofThatDay, whole.subarray(0, whole.length - 400));
    const said = textOf(await planned(`/crai restore-database --backup ${day}`));
    expect(said).toMatch(
      /\*Cannot run:\* credit_risk_ai_20260131\.dump cannot be restored: pg_restore cannot read it to its end \(.*end of file/,
    );
    await untouched();
  });

  test("cannot be one of another database", async () => {
    const path = await putBackup(ofThatDay, Buffer.alloc(0));
    if (postgres === undefined) {
      const whole = readFileSync(join(await backupFolder(), await newestBackup()), "utf8");
      writeFileSync(path, whole.replace('"database":"credit_risk_ai"', '"database":"billing"'));
    } else {
      await dump(postgres, "postgres", [`--file=${path}`, "-Fc"]);
    }
    const said = textOf(await planned(`/crai restore-database --backup ${day}`));
    expect(said).toMatch(/is a backup of the database (billing|postgres), not of credit_risk_ai/);
    await untouched();
  });

  test("stays as it is when the restore fails half way", async () => {
    const path = await putBackup(ofThatDay, Buffer.alloc(0));
    // A row whose application is gone: the foreign key fails, after all the data was written.
    if (postgres === undefined) {
      const whole = readFileSync(join(await backupFolder(), await newestBackup()), "utf8");
      writeFileSync(path, whole.replace('"application_id":400,', '"application_id":99999,'));
    } else {
      await brokenArchive(postgres, path);
    }
    const said = await carriedOut(await planned(`/crai restore-database --backup ${day}`), false);
    expect(said).toMatch(/^R\d+ Failed|^R\d+ Not carried out/);
    expect(said).toMatch(/could not be restored: pg_restore: error: .*predictions_application_id_fkey/);
    expect(said).toContain("credit_risk_ai was not touched and stays in force");
    await untouched();
  });

  test.runIf(postgres)("may be plain SQL that is whole and names no database itself", async () => {
    const path = await putBackup("credit_risk_ai_20260131.sql", Buffer.alloc(0));
    const plan = `/crai restore-database --backup ${day}`;
    await dump(postgres!, "credit_risk_ai", [`--file=${path}`, "--create"]);
    expect(await ask(world.alex, teamChannel, plan)).toContain("it names databases itself (pg_dump --create");
    await dump(postgres!, "credit_risk_ai", [`--file=${path}`]);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, whole.length / 2));
    expect(await ask(world.alex, teamChannel, plan)).toContain("its end is missing");
    writeFileSync(path, whole);
    const run = await approved(await planned(plan));
    expect(await agreed(run, "leave")).toContain("all tables have as many rows as now");
    expect(await end(run)).toMatch(new RegExp(`^${run} Done`));
    await untouched();
  });

  test("is said beforehand to the last row, restored beside the old one, swapped in, and swapped back", async () => {
    const file = await newestBackup();
    const plan = await planned("/crai restore-database");
    const said = textOf(plan);
    expect(said).toContain(`put ${file} in force as credit_risk_ai`);
    expect(said).toMatch(/\*Backup\* {2}\S+\.dump \(\d+ KiB, .* old\), read to its end, 3 tables/);
    expect(said).toMatch(/\*Rows newer than it\* {2}applications \d+ of 500, predictions \d+ of 500/);
    expect(said).toMatch(/\*Room for two copies\* {2}.* needed of .* free/);
    await untouched();

    const run = await approved(plan);
    const question = await agreed(run, "swap");
    const left = Number(/applications 500 → (\d+)/.exec(question)![1]);
    expect(left).toBeLessThan(500);
    expect(await end(run)).toMatch(new RegExp(`^${run} Cured`));
    expect(await applications()).toBe(left);
    expect([replicasOf("api-deployment"), replicasOf("federated-server-deployment")]).toEqual([3, 1]);
    const [, kept] = await databases();
    expect(kept).toMatch(/^credit_risk_ai_before_[0-9a-f]{8}$/);
    // Closed, so that nobody writes into it by mistake.
    await expect(connected(kept!)).rejects.toThrow("not currently accepting connections");

    const back = await carriedOut(await planned(`/crai undo ${run}`), false);
    expect(back).toMatch(/^R\d+ Cured/);
    expect(await applications()).toBe(500);
    expect([replicasOf("api-deployment"), replicasOf("federated-server-deployment")]).toEqual([3, 1]);
  });
});

/** An archive of PostgreSQL's own whose data breaks a foreign key. */
async function brokenArchive(tools: string, path: string): Promise<void> {
  const name = "credit_risk_ai";
  await rows(`create database broken template ${name}`, "postgres");
  await rows(`set session_replication_role = replica; delete from applications where id = 11`, "broken");
  await rows(`alter database ${name} rename to tonight`, "postgres");
  await rows(`alter database broken rename to ${name}`, "postgres");
  await dump(tools, name, [`--file=${path}`, "-Fc"]);
  await rows(`drop database ${name}`, "postgres");
  await rows(`alter database tonight rename to ${name}`, "postgres");
}

describe("a restore in trouble", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("is refused for a day without a backup, which names those that there are", async () => {
    const said = await ask(world.alex, teamChannel, "/crai restore-database --backup 2020-02-02");
    expect(said).toContain("There is no backup of credit_risk_ai of 2020-02-02 that can be restored.");
    expect(said).toContain(await newestBackup());
    expect(said).toContain("nothing was touched");
  });

  test("is refused where nobody may enter the database's pod, and to who may not restore", async () => {
    expect(await ask(world.robin, teamChannel, "/crai restore-database")).toMatch(
      /You may not restore a database/,
    );
    await untouched();
  });

  test("takes the newest backup from before a moment, as when a system was compromised", async () => {
    const before = `${new Date(Date.now() - 24 * 3_600_000).toISOString().slice(0, 10)}T00:00Z`;
    const said = textOf(await planned(`/crai restore-database --before ${before}`));
    const [, chosen] = /put credit_risk_ai_(\d{8})\.dump in force/.exec(said)!;
    expect(chosen! < before.slice(0, 10).replaceAll("-", "")).toBe(true);
  });

  test("cannot begin without room for two copies", async () => {
    world.sandbox.cluster.host!.freeBytes = () => 1_000_000;
    onTestFinished(() => void delete world.sandbox.cluster.host!.freeBytes);
    const said = textOf(await planned("/crai restore-database"));
    expect(said).toMatch(
      /\*Cannot run:\* There is no room for the copies: \/backups has \d+ KiB free, and \d+ MiB are needed/,
    );
    await untouched();
  });

  test("leaves everything as it is when people do not want the swap after all", async () => {
    const run = await approved(await planned("/crai restore-database"));
    await agreed(run, "leave");
    const said = await end(run);
    expect(said).toMatch(new RegExp(`^${run} Done`));
    expect(said).toMatch(/restored copy stays until it is swapped in or dropped: .*dropdb/);
    expect(said).not.toContain("Undo");
    await untouched();
  });

  test("does not cut off who is still at work: the old database stays in force, and the writers come back", async () => {
    const client = await connected("credit_risk_ai");
    await client.query("begin");
    await client.query("select count(*) from applications");
    const run = await approved(await planned("/crai restore-database"));
    await agreed(run, "swap");
    const said = await end(run);
    expect(said).toMatch(/credit_risk_ai is still being worked on: 1 of billing.*idle in transaction/);
    expect(said).toContain("credit_risk_ai stays in force as it was");
    expect(replicasOf("api-deployment")).toBe(0);
    await client.end();
    // The way back is planned at once.
    const undo = await world.alex.waitForMessage(
      teamChannel,
      new RegExp(`Undo ${run}: Start api and federated again`),
      { withinMs },
    );
    expect(await carriedOut(undo, false)).toMatch(/^R\d+ (Cured|Done)/);
    expect(await applications()).toBe(500);
    expect(replicasOf("api-deployment")).toBe(3);
  });

  test("is taken up where it was when crai is killed in the middle of it, again and again", async () => {
    const { cluster: practice, crai } = world.sandbox;
    const killedAt: string[] = [];
    function killAt(place: string): void {
      killedAt.push(place);
      // Not waited for: what was begun goes on in the pod, as it does in a container.
      void crai.kill();
    }
    practice.host!.restoreTakesMs = () => {
      if (!killedAt.includes("restore")) killAt("restore");
      return 3000;
    };
    onTestFinished(() => void delete practice.host!.restoreTakesMs);
    const places = { dump: "--format=custom", note: "crai: restored from", stop: "scale", swap: "rename to" };
    const off = practice.onRequest(async ({ phase, verb, uri }) => {
      const text = decodeURIComponent(uri.replaceAll("+", " "));
      const [place] = Object.entries(places).find(([, part]) => text.includes(part)) ?? [];
      const writes = place !== "stop" || verb === "patch";
      if (phase === "answered" && place !== undefined && writes && !killedAt.includes(place)) killAt(place);
      return undefined;
    });
    onTestFinished(off);
    const run = await approved(await planned("/crai restore-database"));
    const question = await agreed(run, "swap");
    expect(await end(run)).toMatch(new RegExp(`^${run} Cured`));
    expect(killedAt).toEqual(["dump", "restore", "note", "stop", "swap"]);
    expect(await applications()).toBe(Number(/applications 500 → (\d+)/.exec(question)![1]));
    expect(replicasOf("api-deployment")).toBe(3);
    const safety = readdirSync(await backupFolder()).filter((file) => file.includes("_safety_"));
    expect(safety.filter((file) => file.endsWith(".partial"))).toEqual([]);
    const copies = (await databases()).filter((name) => name.includes("_before_"));
    expect(copies).toHaveLength(1);
  });
});
