import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { createCraiChild } from "../../../sandbox/crai-child.ts";
import { freePort } from "../../../sandbox/free-port.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const soon = { timeout: 15_000 };
const serves = `
import { createServer } from "node:http";
console.log("started");
createServer((req, res) => res.writeHead(req.url === "/readyz" ? 200 : 404).end()).listen(process.env.PORT, "127.0.0.1");
process.on("SIGTERM", () => { console.log("ended in peace"); process.exit(0); });
`;

/** A project whose src/main.ts is what the test says. */
async function child(program: string | null) {
  const project = temporaryFolder();
  if (program !== null) {
    mkdirSync(join(project, "src"));
    writeFileSync(join(project, "src", "main.ts"), program);
  }
  const port = await freePort();
  const logFile = join(project, "crai.log");
  const crai = createCraiChild({
    project,
    logFile,
    env: { PORT: String(port) },
    url: `http://127.0.0.1:${port}`,
    restartAfter: 20,
  });
  onTestFinished(() => crai.stop());
  return { crai, log: () => readFileSync(logFile, "utf8") };
}

it("is ready when its /readyz says so, and comes back with another process after kill -9", async () => {
  const { crai, log } = await child(serves);
  crai.start();
  await crai.ready();
  const first = crai.status();

  await crai.kill();
  const dead = crai.status();
  await vi.waitFor(() => expect(crai.status()).toMatchObject({ state: "ready", restarts: 1 }), soon);

  expect(first).toMatchObject({ state: "ready", restarts: 0 });
  expect(dead).toMatchObject({ state: "waiting-to-restart", pid: null });
  expect(crai.status().pid).not.toBe(first.pid);
  expect(log().match(/started/g)).toHaveLength(2);
});

it("is ended in peace and stays down when told to stop, and can be started again", async () => {
  const { crai, log } = await child(serves);
  crai.start();
  await crai.ready();

  await crai.stop();
  expect(crai.status()).toMatchObject({ state: "stopped", pid: null, reason: "It ended with status 0." });
  expect(log()).toContain("ended in peace");
  await expect(crai.ready()).rejects.toThrow("crai does not run. It ended with status 0.");

  crai.start();
  await crai.ready();
  expect(crai.status().state).toBe("ready");
});

it("stays down after a kill when a test says so", async () => {
  const { crai } = await child(serves);
  crai.start();
  await crai.ready();

  await crai.kill({ stayDown: true });

  expect(crai.status()).toMatchObject({ state: "stopped", reason: "It was ended by SIGKILL." });
});

it("waits longer after each death before it was ready", async () => {
  const { crai } = await child("process.exit(1);");
  const reasons: string[] = [];
  crai.onChange(({ state, reason }) => {
    if (state === "waiting-to-restart") reasons.push(reason!);
  });
  crai.start();

  await vi.waitFor(() => expect(reasons.length).toBeGreaterThan(2), soon);

  expect(reasons.slice(0, 3).map((reason) => /after (\d+) ms/.exec(reason)![1])).toEqual(["20", "40", "80"]);
});

it("tells what it said last, its error in the log or what it wrote beside it", async () => {
  const reasons: string[] = [];
  for (const said of [
    `console.log('{"level":60,"msg":"crai ends","err":{"message":"no such table"}}'); console.log('{"level":30,"msg":"bye"}')`,
    `console.error("Cannot find module 'left'")`,
  ]) {
    const { crai } = await child(`${said}; process.exitCode = 1;`);
    crai.onChange(({ state, reason }) => {
      if (state === "waiting-to-restart") reasons.push(reason!);
    });
    crai.start();
    await vi.waitFor(
      () => expect(reasons.join("\n")).toContain(said.includes("table") ? "table" : "left"),
      soon,
    );
    await crai.stop();
  }

  expect(reasons[0]).toBe(
    "It ended with status 1 (crai ends: no such table); it is started again after 20 ms.",
  );
  expect(reasons.at(-1)).toMatch(
    /^It ended with status 1 \(.*Cannot find module 'left'\); it is started again/,
  );
});

it("does not start again what says that its configuration is incomplete", async () => {
  const { crai } = await child("process.exit(2);");
  crai.start();

  await expect(crai.ready()).rejects.toThrow("something is missing in its configuration");
  expect(crai.status()).toMatchObject({ state: "stopped", restarts: 0 });
});

it("kills what does not end when asked", async () => {
  const { crai } = await child(serves.replace("process.exit(0);", ""));
  crai.start();
  await crai.ready();

  await crai.stop(100);

  expect(crai.status().reason).toBe("It was ended by SIGKILL.");
});

it("says that there is no crai in the checkout", async () => {
  const { crai } = await child(null);
  crai.start();

  expect(crai.status()).toMatchObject({
    state: "absent",
    reason: "There is no src/main.ts in this checkout.",
  });
});
