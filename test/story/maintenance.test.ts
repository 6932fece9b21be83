import { subHours } from "date-fns/subHours";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { occurrenceOf } from "../../src/store/occurrences.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { allPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, storyTimeout } from "./story.ts";

let world: World;

/** Nobody waits until nine o'clock: its time is moved, as if crai had been down when it came. */
async function fallDue(playbook: string, at: Date): Promise<string> {
  const { db } = world;
  const key = `schedule:${playbook}`;
  const moved = await vi.waitUntil(
    () =>
      db
        .updateTable("deadline")
        .set({ due_at: at })
        .where("key", "=", key)
        .returning("key")
        .executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  expect(moved.key).toBe(key);
  return at.toISOString().slice(0, 10);
}

/** The run that it came to. */
async function runOf(playbook: string, day: string): Promise<string> {
  const { db } = world;
  const one = await vi.waitUntil(
    async () => {
      const found = await occurrenceOf(db, { playbook, day });
      return found?.plan === null ? undefined : found;
    },
    { timeout: withinMs, interval: 50 },
  );
  const run = await vi.waitUntil(
    () => db.selectFrom("run").select("number").where("plan", "=", one.plan).executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  return `R${run.number}`;
}

/** Prometheus has been there for some seconds: of one reading there is nothing to draw. */
async function measured(): Promise<void> {
  const query = "max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)";
  await vi.waitUntil(
    async () => {
      const now = Math.floor(Date.now() / 1000);
      const asked = new URLSearchParams({ query, start: String(now - 60), end: String(now), step: "1" });
      const response = await fetch(`${world.sandbox.url}/prom/api/v1/query_range?${asked}`);
      const { data } = (await response.json()) as { data: { result: { values: unknown[] }[] } };
      return (data.result[0]?.values.length ?? 0) > 3;
    },
    { timeout: withinMs, interval: 200 },
  );
}

describe("maintenance", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace, env: allPlaybooks });
    return () => world.close();
  }, storyTimeout);

  test("begins by itself in its owner's channel, ticks what crai sees to be well, and people tick the rest", async () => {
    const { robin } = world;
    await measured();
    const day = await fallDue("maintenance-daily", subHours(new Date(), 1));
    const run = await runOf("maintenance-daily", day);
    const list = await robin.waitForMessage(
      teamChannel,
      new RegExp(`^Daily maintenance.*☐ Monitor[^\\n]* crai: .*${run} · 5 of 7`, "s"),
      {
        withinMs,
      },
    );
    expect(textOf(list)).toMatch(/☑ Validate backup completion · postgres-backup last succeeded/);
    expect(textOf(list)).toMatch(/☐ Check security alerts \(Security Team\)/);
    await robin.press(list, "Tick 4");
    await robin.waitForMessage(
      teamChannel,
      new RegExp(`^Daily maintenance.*☑ Monitor.*${run} · 6 of 7`, "s"),
      {
        withinMs,
      },
    );
    await ask(robin, teamChannel, `/crai tick ${run} tasks 7 --note "nothing new"`);
    const end = textOf(await ended(robin, teamChannel, run));
    expect(end).toMatch(new RegExp(`^${run} Done: Daily maintenance of prod`));
    expect(end).toMatch(/✓ Check security alerts: yes, Robin at .* \(nothing new\)/);

    // What it measured stands as a picture in the run's thread.
    const { ts } = await ended(robin, teamChannel, run);
    const thread = async (): Promise<string[]> =>
      (await robin.thread(teamChannel, ts)).flatMap(({ files = [] }) => files.map(({ name }) => name));
    await expect.poll(thread, { timeout: withinMs }).toContain("trends.png");

    const shown = await ask(robin, teamChannel, "/crai maintenance");
    expect(shown).toMatch(new RegExp(`maintenance-daily.*working day at 09:00.*${day} ${run} done`));
    expect(shown).toMatch(/maintenance-quarterly.*quarter at 10:30.*never yet/);
    expect(shown).not.toContain("What slipped");
    const history = await ask(robin, teamChannel, "/crai maintenance history --since 7d");
    expect(history).toMatch(/0 of 1 slipped/);
    expect(await ask(robin, teamChannel, "/crai maintenance yearly")).toMatch(/shows what comes next/);
  });
});
