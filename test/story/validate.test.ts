import { beforeAll, describe, expect, test, vi } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;

/** Asks for it, says yes to its plan in the channel where that stands, and names the run. */
async function started(what: string, channel = teamChannel): Promise<string> {
  const { robin, db } = world;
  await robin.command(channel, `/crai validate ${what}`);
  const kind = what.split(" ")[0];
  const plan = await robin.waitForMessage(
    channel,
    new RegExp(`^Validate api in prod: ${kind}.*\\[Confirm\\]`, "s"),
    { withinMs },
  );
  const number = Number(/\bP(\d+)\b/.exec(textOf(plan))![1]);
  await robin.press(plan, "Confirm");
  const run = await vi.waitUntil(
    () => db.selectFrom("run").select("number").where("plan", "=", number).executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  return `R${run.number}`;
}

async function end(run: string, channel = teamChannel): Promise<string> {
  return textOf(await ended(world.robin, channel, run));
}

/** Jobs that crai has made, as the cluster has them now. */
function jobsOf(run: string): { name: string; uid: string | undefined }[] {
  return world.sandbox.cluster.store
    .list("jobs", cluster.namespace)
    .filter(({ metadata }) => metadata.labels?.["crai.dev/run"] === run.slice(1))
    .map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid }));
}

/** crai is killed when its first Job was made, before it hears so. */
function killedAtAJob(): Promise<void> {
  const { cluster: practice, crai } = world.sandbox;
  return new Promise((resolve) => {
    const off = practice.onRequest(async ({ phase, verb, target, uri }) => {
      if (phase !== "answered" || verb !== "create" || target?.plural !== "jobs" || uri.includes("dryRun"))
        return undefined;
      off();
      await crai.kill();
      resolve();
      return "cut";
    });
  });
}

describe("after a release", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({
      pace,
      configure({ jobs }) {
        jobs!["integration-tests"]!.image = "credit-risk-tests:nopull";
        // Long enough to be stopped, or killed, in between.
        jobs!["api-security"]!.args = ["sleep 600"];
        jobs!["api-security"]!.command = ["sh", "-c"];
      },
    });
    return () => world.close();
  }, storyTimeout);

  test("health is looked at without anybody's yes, and each look is told", async () => {
    const { robin } = world;
    await robin.command(teamChannel, "/crai validate health");
    const said = textOf(await ended(robin, teamChannel));
    expect(said).toMatch(/^R\d+ Done: Validate api in prod: health/);
    expect(said).toContain(`✓ 7 of 7 pods in ${cluster.namespace} are ready`);
    expect(said).toContain("✓ Service api-service has 3 ready endpoints");
    expect(said).toMatch(/✓ GET .*\/apps\/api\/ready: 200/);
    expect(said).toContain("✓ All 3 checks passed");
    expect(said).not.toContain("Undo");
  });

  test("tests run as Jobs: what passed and failed is told, and a Job that cannot start holds nothing up", async () => {
    const run = await started("functional");
    const said = await end(run);
    expect(said).toMatch(/^R\d+ Failed: Validate api in prod: functional/);
    expect(said).toMatch(/✓ smoke-tests ended with exit code 0 after \S+: 4 passed/);
    expect(said).toMatch(
      /✗ integration-tests never started: its image credit-risk-tests:nopull cannot be pulled/,
    );
    expect(said).toMatch(/✓ production-validation ended with exit code 0 .*Production validation passed/);
    expect(said).toContain("✗ 1 of 3 did not pass: Integration tests");
    // The one that could not start is gone, so that it does not start by itself one day.
    expect(jobsOf(run).map(({ name }) => name.replace(/-[0-9a-f]{8}$/, ""))).toEqual([
      `crai-r${run.slice(1)}-model`,
      `crai-r${run.slice(1)}-smoke`,
    ]);
  });

  test("a load test is held to requests, errors and latency", async () => {
    const run = await started("performance");
    const said = await end(run);
    expect(said).toMatch(/^R\d+ Done: Validate api in prod: performance/);
    expect(said).toMatch(
      /✓ Requests 123\/s \(wanted: above 100\/s\)\n✓ Error rate 0.165 % \(wanted: below 1 %\)\n✓ Latency P95 142 ms \(wanted: below 200 ms\)/,
    );
    // The whole log, and the report where it is one of its own, are in the run's thread.
    const message = await ended(world.robin, teamChannel, run);
    await vi.waitFor(
      async () => {
        const replies = await world.robin.thread(teamChannel, message.ts);
        const files = replies.flatMap((reply) => reply.files ?? []);
        expect(files.map(({ name }) => name)).toContain(`load-test-${run}-log.txt`);
      },
      { timeout: withinMs, interval: 200 },
    );
  });

  test("killed when a Job was just made, and again while one runs, crai makes none twice; stopped, it ends the one that runs", async () => {
    const { robin } = world;
    const dead = killedAtAJob();
    const run = await started("security --tag v9-vuln");
    await dead;
    await robin.waitForMessage(teamChannel, /api-security runs/, { withinMs });
    const before = jobsOf(run);
    await world.sandbox.crai.kill();
    await world.sandbox.crai.ready();
    await vi.waitFor(() => expect(world.sandbox.crai.status().state).toBe("ready"), { timeout: withinMs });
    await robin.command(teamChannel, `/crai stop ${run}`);
    const said = await end(run);
    expect(said).toMatch(/^R\d+ Stopped: Validate api in prod: security/);
    expect(said).toContain("✗ Critical vulnerabilities 1 (wanted: at most 0)");
    expect(said).toContain("CVE-2024-3094 in liblzma5 (critical, fixed in 5.6.1+really5.4.5-1)");
    expect(before).toHaveLength(2);
    expect(jobsOf(run)).toEqual(before.filter(({ name }) => name.includes("scan")));
  });

  test("a bad release fails, and no load is put on an app that has an incident", async () => {
    const { robin } = world;
    await ship(world, "api", "errors");
    const { id, name } = await incidentChannel(robin, "api");
    expect(await ask(robin, teamChannel, "/crai validate performance")).toMatch(
      new RegExp(
        `api has an incident that is not resolved: #${name} \\(sev\\d, open\\).*Resolve it first`,
        "s",
      ),
    );
    const said = await end(await started("functional", id), id);
    expect(said).toMatch(/✗ smoke-tests ended with exit code 1 .*FAILED .*1 failed, 3 passed/);
    expect(said).toContain("✗ 3 of 3 did not pass: Smoke tests, Integration tests, Model");
  });
});
