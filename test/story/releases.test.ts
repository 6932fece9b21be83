import { beforeAll, describe, expect, test } from "vitest";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, ship, storyTimeout } from "./story.ts";

let world: World;

/** Plans a rollback in the app's channel and confirms it; returns how it ended. */
async function rollBack(): Promise<string> {
  const { robin } = world;
  await robin.command(teamChannel, "/crai rollback api");
  await robin.press(await robin.waitForMessage(teamChannel, /Confirm/, { withinMs }), "Confirm");
  return textOf(await ended(robin, teamChannel));
}

describe("a release that is slow", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    await ship(world, "api", "slow");
    return () => world.close();
  }, storyTimeout);

  test("is one line in the app's channel, and opens no incident", async () => {
    const line = await world.robin.waitForMessage(teamChannel, /🟡 \*api: HighLatency\*/, { withinMs });
    expect(textOf(line)).toContain("api P95 latency is");
    expect((await world.robin.channels()).filter(({ name }) => name.startsWith("inc-"))).toEqual([]);
  });

  test("is rolled back from there, and the line says that it is over", async () => {
    const run = await rollBack();
    expect(run).toMatch(/^R1 Cured/);
    expect(run).toMatch(/✓ Latency P95 1\d\d ms \(target below 200 ms\)/);
    await world.robin.waitForMessage(teamChannel, /🟢 \*api: HighLatency\*/, { withinMs });
    const lines = (await world.robin.history(teamChannel)).filter((one) =>
      textOf(one).includes("HighLatency"),
    );
    expect(lines.filter((one) => /^[🟡🟢]/u.test(textOf(one)))).toHaveLength(1);
  });
});

describe.each([
  { kind: "crash", why: "CrashLoopBackOff" },
  { kind: "nopull", why: "ImagePullBackOff" },
] as const)("a release that never starts ($kind)", { timeout: storyTimeout }, ({ kind, why }) => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    await ship(world, "api", kind);
    return () => world.close();
  }, storyTimeout);

  test("leaves the old pods to serve, and status says why", async () => {
    await expect
      .poll(() => ask(world.robin, teamChannel, "/crai status api"), { timeout: withinMs, interval: 500 })
      .toContain(why);
    const status = await ask(world.robin, teamChannel, "/crai status api");
    expect(status).toMatch(/Pods\*\s+3 of 3 ready/);
  });

  test("is taken back", async () => {
    const run = await rollBack();
    expect(run).toMatch(/^R1 Cured/);
    expect(run).toContain("3 of 3 replicas run the new revision: sustainable-credit-risk-ai:v1.1.9");
    expect(await ask(world.robin, teamChannel, "/crai status api")).not.toContain(why);
  });
});
