import { expect, onTestFinished, test, vi } from "vitest";
import { startSandbox } from "../sandbox/start-sandbox.ts";
import { openDatabase } from "../src/store/database.ts";
import { createTestDatabase } from "./support/database.ts";
import { person } from "./support/person.ts";
import { startProcess } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { textOf } from "./support/slack-text.ts";
import { alertmanagerBody, post } from "./support/webhooks.ts";

const program = new URL("../src/main.ts", import.meta.url);
const testTimeout = 120_000;
/** ms: what docs/deploy.md promises, and the 30 s that Kubernetes waits. */
const killedAfter = 30_000;
const hour = 3_600_000;
const channel = "C0API";

/** Everything outside, and a crai that the test starts and ends by itself. */
async function startOutside() {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, { connections: 2 });
  const sandbox = await startSandbox({ port: 0, dataDir: temporaryFolder(), crai: false });
  const robin = person(sandbox.url, "U0ROBIN");
  onTestFinished(async () => {
    robin.leave();
    await sandbox.close();
    await db.destroy();
    await database.drop();
  });

  async function isReady(): Promise<boolean> {
    const answer = await fetch(`${sandbox.crai.url}/readyz`).catch(() => undefined);
    return answer?.ok === true;
  }

  return {
    sandbox,
    db,
    robin,
    start: () =>
      startProcess(program, { env: { ...sandbox.craiEnv, DATABASE_URL: database.url, LOG_LEVEL: "info" } }),
    ready: () => vi.waitUntil(isReady, { timeout: killedAfter, interval: 50 }),
    hangEverything: () => {
      sandbox.slack.faults.set({ delayMs: hour });
      sandbox.pager.faults.set({ delayMs: hour });
      sandbox.cluster.faults.set({ delayMs: hour });
    },
  };
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test("an alert that comes while crai starts and Slack hangs is kept", { timeout: testTimeout }, async () => {
  const { sandbox, db, start } = await startOutside();
  sandbox.slack.faults.set({ delayMs: hour });
  await using crai = start();
  const alert = {
    labels: { alertname: "ApiErrors", app: "api", namespace: "credit-risk-ai", severity: "critical" },
  };

  await vi.waitUntil(
    async () => {
      const answer = await post(sandbox.crai.url, "alertmanager", alertmanagerBody([alert])).catch(
        () => undefined,
      );
      return answer?.status === 202;
    },
    { timeout: killedAfter, interval: 50 },
  );

  expect(crai.output()).not.toContain("DeprecationWarning");
  const readiness = await fetch(`${sandbox.crai.url}/readyz`);
  expect(readiness.status).toBe(503);
  expect(await readiness.text()).toContain("Slack is not connected");
  expect(crai.output()).not.toContain("crai is ready");
  await vi.waitUntil(async () => (await db.selectFrom("incident").selectAll().execute()).length === 1, {
    timeout: killedAfter,
    interval: 50,
  });
});

test(
  "told to end while Slack, PagerDuty and the cluster hang, crai ends before it would be killed, and forgets nothing",
  { timeout: testTimeout },
  async () => {
    const { sandbox, db, robin, start, ready, hangEverything } = await startOutside();
    await using crai = start();
    await ready();
    hangEverything();
    await robin.command(channel, "/crai status api");
    await vi.waitUntil(async () => (await db.selectFrom("inbox").select("id").execute()).length > 0, {
      timeout: killedAfter,
      interval: 50,
    });

    crai.signal("SIGTERM");
    await expect.poll(() => isGone(crai.pid), { timeout: killedAfter }).toBe(true);

    expect(await db.selectFrom("inbox").select("done_at").where("source", "=", "slack").execute()).toEqual([
      { done_at: null },
    ]);
    sandbox.slack.faults.clear();
    sandbox.pager.faults.set({ delayMs: 0 });
    sandbox.cluster.faults.set({ delayMs: 0 });
    await using _again = start();
    await expect
      .poll(async () => (await robin.ephemerals(channel)).map(textOf).join("\n"), { timeout: killedAfter })
      .toContain("api-deployment");
  },
);

test("told twice, crai ends at once", { timeout: testTimeout }, async () => {
  const { sandbox, robin, db, start, ready, hangEverything } = await startOutside();
  await using crai = start();
  await ready();
  hangEverything();
  await robin.command(channel, "/crai status api");
  await vi.waitUntil(async () => (await db.selectFrom("inbox").select("id").execute()).length > 0, {
    timeout: killedAfter,
    interval: 50,
  });

  crai.signal("SIGTERM");
  await expect
    .poll(async () => (await fetch(`${sandbox.crai.url}/readyz`)).text(), {
      timeout: killedAfter,
      interval: 20,
    })
    .toContain("crai is ending");
  // Within the first second it is taken for the same asking, as npm passes on what a terminal sends to both.
  await expect
    .poll(
      () => {
        if (!isGone(crai.pid)) crai.signal("SIGTERM");
        return isGone(crai.pid);
      },
      { timeout: killedAfter, interval: 200 },
    )
    .toBe(true);

  expect(await crai.exited).toEqual({ code: 130, signal: null });
});
