import { beforeAll, describe, expect, test, vi } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;

/** Asks for it and says yes to its plan; the number of its run. */
async function started(what: string): Promise<string> {
  const { robin, db } = world;
  const last = await db
    .selectFrom("plan")
    .select("number")
    .orderBy("number", "desc")
    .limit(1)
    .executeTakeFirst();
  const next = (last?.number ?? 0) + 1;
  await robin.command(teamChannel, `/crai validate ${what}`);
  const plan = await robin.waitForMessage(teamChannel, new RegExp(`P${next} .*\\[Confirm\\]`, "s"), {
    withinMs,
  });
  await robin.press(plan, "Confirm");
  const run = await vi.waitUntil(
    () => db.selectFrom("run").select("number").where("plan", "=", next).executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  return `R${run.number}`;
}

/** The message that its run ends with. */
async function validated(what: string): Promise<string> {
  return textOf(await ended(world.robin, teamChannel, await started(what)));
}

describe("after a release", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("health is looked at without anybody's yes, and each look is told", async () => {
    const { robin } = world;
    await robin.command(teamChannel, "/crai validate health");
    const said = textOf(await ended(robin, teamChannel));
    console.log(said);
    expect(said).toMatch(/^R\d+ Done: Validate api in prod: health/);
    expect(said).toContain(`pods in ${cluster.namespace} are ready`);
    expect(said).toContain("✓ Service api-service has 3 ready endpoints");
    expect(said).toMatch(/✓ GET .*\/apps\/api\/ready: 200/);
    expect(said).toContain("✓ All 3 checks passed");
  });

  test("the tests run as Jobs, one after the other, and what each said last is told", async () => {
    const said = await validated("functional");
    console.log(said);
    expect(said).toMatch(/^R\d+ Done: Validate api in prod: functional/);
  });
  test("security", async () => {
    const said = await validated("security");
    console.log(said);
  });
  test("performance", async () => {
    const said = await validated("performance");
    console.log(said);
  });
});
