import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { PanelState } from "../../../sandbox/panel/panel-api.ts";
import { people } from "../../../sandbox/seed.ts";
import { clusterName, isPostmaster, readPidFile } from "../../../src/store/embedded/postmaster.ts";
import { readConfig } from "../../../src/config.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { startProcess } from "../../support/processes.ts";

const script = new URL("../../../sandbox/main.ts", import.meta.url);
const upWithin = 60_000;

/** `npm run sandbox` in a folder of the test's own. */
function run(env: Record<string, string>) {
  return startProcess(script, { env: { HOME: process.env["HOME"] ?? "", ...env } });
}

it("is ready with no accounts, keeps its data in one folder, takes no second sandbox there, and ends on Ctrl-C", async () => {
  const folder = temporaryFolder();
  await using sandbox = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  const [, url] = await sandbox.waitFor(/^Sandbox ready: (http:\/\/localhost:\d+)$/m, upWithin);

  await using second = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  const refused = await second.exited;
  await using samePort = run({ PORT: new URL(url!).port, CRAI_SANDBOX_DIR: temporaryFolder() });
  const portTaken = await samePort.exited;
  const page = await fetch(url!);
  const config = readConfig(join(folder, "crai.yaml"));
  sandbox.signal("SIGINT");
  const ended = await sandbox.exited;

  expect([refused.code, portTaken.code]).toEqual([1, 1]);
  expect(second.output()).toMatch(
    /^A sandbox already works in .*: http:\/\/localhost:\d+ \(process \d+\)\. Use that one, or another folder:/,
  );
  expect(samePort.output()).toMatch(
    /^Port \d+ is in use\. Is a sandbox already running\? Else choose another:/,
  );
  expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(Object.keys(config.apps)).toEqual(["api", "federated", "mlflow", "postgres", "redis"]);
  expect(ended).toEqual({ code: 0, signal: null });
  expect(existsSync(join(folder, "sandbox.lock"))).toBe(false);
  expect(readFileSync(join(folder, "crai.log"), "utf8")).toContain("crai is ready");
});

it("takes over the folder of a sandbox that was killed, whose crai does not outlive it", async () => {
  const folder = temporaryFolder();
  const killed = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  const [, url] = await killed.waitFor(/^Sandbox ready: (.*)$/m, upWithin);
  const { crai } = (await (await fetch(`${url!}/panel/state`)).json()) as PanelState;
  killed.signal("SIGKILL");
  await killed.exited;

  await vi.waitFor(() => expect(isAlive(crai.pid!)).toBe(false), { timeout: 20_000 });
  await using next = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  await next.waitFor(/^Sandbox ready/m, upWithin);
  next.signal("SIGTERM");

  expect((await next.exited).code).toBe(0);
});

/** The PostgreSQL servers in a sandbox's folder: crai's, and that of the practice organization. */
function servers(folder: string) {
  return ["crai", "database"].map((name) => {
    const cluster = join(folder, name, "postgres");
    const { pid } = readPidFile(cluster)!;
    const title = clusterName(cluster);
    return { runs: () => isPostmaster(pid!, title) };
  });
}

/** Somebody asks the practice organization's database, which starts it. */
async function askDatabase(url: string): Promise<void> {
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  for (const word of ["pg_isready", "-U", "postgres"]) query.append("command", word);
  const pods = `${url}/k8s/api/v1/namespaces/credit-risk-ai/pods`;
  const headers = { authorization: `Bearer ${people.alex.token}` };
  const { items } = (await (await fetch(pods, { headers })).json()) as {
    items: { metadata: { name: string } }[];
  };
  const pod = items.find(({ metadata }) => metadata.name.startsWith("postgres"))!.metadata.name;
  const address = `${pods.replace("http", "ws")}/${pod}/exec?${query}`;
  const socket = new WebSocket(address, "v5.channel.k8s.io", { headers });
  await once(socket, "close");
}

it.each([
  ["Ctrl-C, which npm passes on once more", ["SIGINT", "SIGINT"]],
  ["SIGTERM", ["SIGTERM"]],
  ["a terminal that is gone", ["SIGHUP"]],
] as const)("leaves no PostgreSQL behind after %s", async (_, signals) => {
  const folder = temporaryFolder();
  await using sandbox = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  const [, url] = await sandbox.waitFor(/^Sandbox ready: (.*)$/m, upWithin);
  await askDatabase(url!);
  const running = servers(folder);
  expect(running.map(({ runs }) => runs())).toEqual([true, true]);

  for (const signal of signals) sandbox.signal(signal);
  expect(await sandbox.exited).toEqual({ code: 0, signal: null });
  expect(running.map(({ runs }) => runs())).toEqual([false, false]);
});

it("ends the PostgreSQL that a killed sandbox left behind", async () => {
  const folder = temporaryFolder();
  await using killed = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  const [, url] = await killed.waitFor(/^Sandbox ready: (.*)$/m, upWithin);
  await askDatabase(url!);
  const [crais, left] = servers(folder);
  killed.signal("SIGKILL");
  await killed.exited;
  // crai sees that its parent is gone, and ends in order.
  await vi.waitFor(() => expect(crais!.runs()).toBe(false), { timeout: 20_000 });
  expect(left!.runs()).toBe(true);

  await using next = run({ PORT: "0", CRAI_SANDBOX_DIR: folder });
  await next.waitFor(/^Sandbox ready/m, upWithin);
  expect(left!.runs()).toBe(false);
});

it("says what crai said last when it does not run", async () => {
  await using sandbox = run({ PORT: "0", CRAI_SANDBOX_DIR: temporaryFolder(), LOG_LEVEL: "loud" });
  const [said] = await sandbox.waitFor(/^crai does not run\..*$/m, upWithin);
  expect(said).toMatch(/It ended with status 2: .* \(LOG_LEVEL is no level: "loud" .*\); see .*crai\.log\.$/);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each([
  ["-1", 'PORT is "-1". Give a number from 0 to 65535, or leave it out for 3000.'],
  ["http", 'PORT is "http". Give a number from 0 to 65535, or leave it out for 3000.'],
])("says what is wrong with PORT=%s", async (port, message) => {
  await using sandbox = run({ PORT: port, CRAI_SANDBOX_DIR: temporaryFolder() });

  expect((await sandbox.exited).code).toBe(1);
  expect(sandbox.output().trim()).toBe(message);
});

it("says that it cannot write its folder", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const locked = join(folder, "locked");
  mkdirSync(locked);
  chmodSync(locked, 0o555);
  const isRoot = process.getuid?.() === 0;

  for (const path of [join(file, "below"), file, ...(isRoot ? [] : [locked])]) {
    await using sandbox = run({ PORT: "0", CRAI_SANDBOX_DIR: path });
    expect((await sandbox.exited).code).toBe(1);
    expect(sandbox.output()).toMatch(
      /^The sandbox cannot write its data \(.*\)\. Choose a folder with CRAI_SANDBOX_DIR\.$/m,
    );
  }
});
