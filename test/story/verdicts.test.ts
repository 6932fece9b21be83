import { describe, expect, onTestFinished, test } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { startWorld, withinMs, type World, type WorldOptions } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { card, ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

async function start(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld({ pace, ...options });
  onTestFinished(() => world.close());
  return world;
}

/** Plans with a command, confirms the plan, and returns the run's message when it has ended. */
async function carryOut({ robin }: World, channel: string, command: string, run: string) {
  const after = (await robin.history(channel)).at(-1)?.ts ?? "";
  await robin.command(channel, command);
  await robin.press(await robin.waitForMessage(channel, /Confirm/, { withinMs, after }), "Confirm");
  return ended(robin, channel, run);
}

/** What runs now has been recorded as healthy. */
async function recordedHealthy({ db }: World): Promise<void> {
  await expect
    .poll(
      () =>
        db
          .selectFrom("revision_health")
          .select("healthy_at")
          .where("target", "like", "%/api-deployment")
          .execute(),
      {
        timeout: withinMs,
      },
    )
    .toContainEqual({ healthy_at: expect.any(Date) });
}

/** A rollout counts as stuck after this many seconds without progress. */
async function setProgressDeadline({ sandbox }: World, seconds: number): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/deployments/api-deployment`;
  const response = await fetch(`${sandbox.url}/k8s${path}`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ spec: { progressDeadlineSeconds: seconds } }),
  });
  if (!response.ok) throw new Error(await response.text());
}

describe("a rollback", { timeout: storyTimeout }, () => {
  test("to a release that is bad too is not cured, and offers the one before", async () => {
    const world = await start({ pace: { ...pace, healthy: "1s" } });
    const { robin } = world;
    await recordedHealthy(world);
    await ship(world, "api", "errors");
    const { id } = await incidentChannel(robin, "api");
    await card(robin, id, /Confirm/);
    await ship(world, "api", "errors");
    await expect
      .poll(() => world.sandbox.metrics.health("api"), { timeout: withinMs })
      .toMatchObject({ tag: "v1.3.0-errors", ready: 3 });

    const first = await carryOut(world, id, "/crai rollback --to 4", "R1");

    expect(textOf(first)).toMatch(/^R1 Carried out, not cured/);
    expect(textOf(first)).toMatch(/✗ Error rate \d+(\.\d+)? % \(target below 1 %\)/);
    expect(textOf(first)).toContain("[Undo R1]");
    await robin.press(first, "Roll back to 3");
    await robin.press(
      await robin.waitForMessage(id, /revision 3 .*Confirm/s, { withinMs, after: first.ts }),
      "Confirm",
    );
    expect(textOf(await ended(robin, id, "R2"))).toMatch(/^R2 Cured/);
  });

  test("that does not get its pods up is stuck, stays where it is, and offers a way on and a way back", async () => {
    const world = await start({ pace: { ...pace, healthy: "1s" } });
    await recordedHealthy(world);
    await setProgressDeadline(world, 4);
    await ship(world, "api", "crash");
    await ship(world, "api", "good");
    await expect
      .poll(() => world.sandbox.metrics.health("api"), { timeout: withinMs })
      .toMatchObject({ tag: "v1.3.0", ready: 3 });

    const run = await carryOut(world, "C0API", "/crai rollback api --to 4", "R1");

    expect(textOf(run)).toMatch(/^R1 Stuck/);
    expect(textOf(run)).toMatch(/✗ No progress within its deadline/);
    expect(textOf(run)).toMatch(/\[Roll back to \d+\].*\[Undo R1\]/);
    expect(world.sandbox.metrics.health("api")).toMatchObject({ tag: "v1.2.0-crash" });
  });

  test("whose effect no metric tells is unknown, and never a hopeful done", async () => {
    const world = await start({
      configure: (config) => {
        config.clusters[cluster.name]!.prometheus = "http://127.0.0.1:9";
      },
    });
    await ship(world, "api", "errors");
    const { id } = await incidentChannel(world.robin, "api");
    await world.robin.press(await card(world.robin, id, /Confirm/), "Confirm");

    const run = textOf(await ended(world.robin, id));

    expect(run).toMatch(/^R1 Carried out, effect unknown/);
    expect(run).toContain("✓ 3 of 3 replicas run the new revision");
    expect(run).toContain("[Undo R1]");
  });

  test("is undone by the inverse that was recorded before it acted", async () => {
    const world = await start();
    const { robin } = world;
    await ship(world, "api", "errors");
    const { id } = await incidentChannel(robin, "api");
    await robin.press(await card(robin, id, /Confirm/), "Confirm");
    const cured = await ended(robin, id, "R1");
    expect(textOf(cured)).toMatch(/^R1 Cured/);

    await robin.press(cured, "Undo R1");
    const plan = await robin.waitForMessage(id, /^Undo R1: .*Confirm/s, { withinMs });
    expect(textOf(plan)).toContain(
      "sustainable-credit-risk-ai:v1.1.9 → sustainable-credit-risk-ai:v1.2.0-errors",
    );
    await robin.press(plan, "Confirm");

    const undone = textOf(await ended(robin, id, "R2"));
    expect(undone).toMatch(/^R2 Carried out, not cured/);
    expect(world.sandbox.metrics.health("api")).toMatchObject({ tag: "v1.2.0-errors" });
  });

  test("that is stopped says what stands", async () => {
    const world = await start({ pace: { ...pace, settle: "60s" } });
    const { robin } = world;
    await ship(world, "api", "errors");
    const { id } = await incidentChannel(robin, "api");
    await robin.press(await card(robin, id, /Confirm/), "Confirm");
    const running = await robin.waitForMessage(id, /^R1 Running.*Letting it settle/s, { withinMs });

    await robin.press(running, "Stop");

    const stopped = textOf(await ended(robin, id));
    expect(stopped).toMatch(/^R1 Stopped/);
    expect(stopped).toContain("What it had changed stays as it is.");
    expect(world.sandbox.metrics.health("api")).toMatchObject({ tag: "v1.1.9" });
  });
});
