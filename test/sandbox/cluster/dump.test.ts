import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containerEnvironment } from "../../../sandbox/cluster/exec/environment.ts";
import type { Host, Process } from "../../../sandbox/cluster/exec/process.ts";
import { findProgram } from "../../../sandbox/cluster/exec/programs.ts";
import { createPracticeDatabase } from "../../../sandbox/database/practice-database.ts";
import { cluster as seed } from "../../../sandbox/seed.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import type { PracticeCluster } from "../../support/practice-cluster.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const database = createPracticeDatabase(temporaryFolder());
let practice: PracticeCluster;
let folder: string;

beforeAll(async () => {
  practice = await startPracticeCluster();
  folder = join(await database.shares(), seed.backupShare);
}, 60_000);
afterAll(async () => {
  await practice?.close();
  await database.close();
});

/** Runs a program in the postgres pod. */
async function run(argv: string[], host: Host = {}): Promise<{ code: number; out: string; err: string }> {
  const { store } = practice;
  const pod = store
    .list("pods", seed.namespace)
    .find(({ metadata }) => metadata.labels?.["app"] === "postgres")!;
  const said = { out: "", err: "" };
  const process: Process = {
    argv,
    env: containerEnvironment(store, pod, "postgres"),
    pod,
    container: "postgres",
    stdin: () => Promise.resolve(""),
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    signal: new AbortController().signal,
    system: {
      store,
      now: () => new Date(),
      database: () => database.address(),
      shares: () => database.shares(),
      ...host,
    },
  };
  const code = await findProgram(process, argv[0]!)!(process);
  return { code, ...said };
}

async function files(): Promise<string[]> {
  const list = [
    "find",
    "/backups",
    "-maxdepth",
    "1",
    "-type",
    "f",
    "-exec",
    "stat",
    "-c",
    "%s %Y %n",
    "{}",
    "+",
  ];
  return (await run(list)).out.trim().split("\n");
}

function sql(text: string, in_ = "credit_risk_ai") {
  return run(["psql", "-X", "-A", "-t", "-d", in_, "-c", text]);
}

describe("the backups of the practice database", () => {
  it("are there for the last three nights, each with the rows of then", async () => {
    const all = await files();
    expect(all).toHaveLength(3);
    for (const line of all) expect(line).toMatch(/^\d+ \d+ \/backups\/credit_risk_ai_\d{8}\.dump$/);
  });

  it("are made, listed, and restored into a database of another name with the same rows and keys", async () => {
    const made = await run([
      "pg_dump",
      "--format=custom",
      "--file=/backups/new.dump",
      "--dbname=credit_risk_ai",
    ]);
    expect(made).toEqual({ code: 0, out: "", err: "" });
    const { out } = await run(["pg_restore", "--list", "/backups/new.dump"]);
    expect(out).toContain(";     dbname: credit_risk_ai\n");
    expect(out.match(/TABLE DATA public \w+/g)).toHaveLength(3);
    await sql("create database copy");
    const restored = await run(["pg_restore", "--single-transaction", "--dbname=copy", "/backups/new.dump"]);
    expect(restored).toEqual({ code: 0, out: "", err: "" });
    const count = "select count(*), max(id) from predictions";
    expect((await sql(count, "copy")).out).toBe((await sql(count)).out);
    const keys =
      "select count(*) from pg_constraint where connamespace = 'public'::regnamespace and contype in ('p','f','c')";
    expect((await sql(keys, "copy")).out).toBe((await sql(keys)).out);
    const next =
      "insert into applications (applicant_id, amount, esg_score, received_at) values ('x', 1, 1, now()) returning id";
    expect((await sql(next, "copy")).out).toMatch(/^501\n/);
  });

  it("are refused when their end is missing, which their table of contents does not show", async () => {
    const [file] = (await files()).map((line) => line.split("/backups/")[1]!);
    const text = readFileSync(join(folder, file!), "utf8");
    writeFileSync(join(folder, "cut.dump"), text.slice(0, -200));
    expect((await run(["pg_restore", "--list", "/backups/cut.dump"])).code).toBe(0);
    expect(await run(["pg_restore", "--file=/dev/null", "/backups/cut.dump"])).toMatchObject({
      code: 1,
      err: "pg_restore: error: could not read from input file: end of file\n",
    });
  });

  it("take room that df tells of", async () => {
    const { out } = await run(["df", "-Pk", "/backups", "/var/lib/postgresql/data"], {
      freeBytes: () => 4096,
    });
    expect(out.split("\n")[1]).toMatch(/^\S+ \d+ \d+ 4 \d+% \/backups$/);
    expect(out.split("\n")[2]).toMatch(/ 4 \d+% \/$/);
  });
});
