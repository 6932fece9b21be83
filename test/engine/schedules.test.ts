import { addHours } from "date-fns/addHours";
import { addMilliseconds } from "date-fns/addMilliseconds";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Config } from "../../src/domain/config.ts";
import { createSchedules } from "../../src/engine/schedules/schedules.ts";
import { startTicker } from "../../src/engine/ticker.ts";
import { listOccurrences } from "../../src/store/occurrences.ts";
import { listRuns } from "../../src/store/runs.ts";
import { robin, type EngineWorld, startEngineWorld } from "./engine-world.ts";

/** Asks people for two things. */
const upkeep = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: upkeep
  version: 1
  title: Upkeep
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
schedule: { every: working day at 09:00, due: 8h, as: maintenance }
permission: workload:read
permissions: [run:answer]
risk: observe
lock: none
steps:
  - id: tasks
    checklist:
      items:
        - { text: Read the logs, owner: DevOps Team }
        - { text: Count the backups, owner: Database team }
`;

const channel = "C0API";

interface Upkeep {
  world: EngineWorld;
  /** Moves the clock. */
  at: (time: string) => void;
  /** One more process of crai's; `stop` is its end. */
  start: () => Promise<{
    stop: () => Promise<void>;
    runs: Awaited<ReturnType<EngineWorld["process"]>>["runs"];
  }>;
}

async function startUpkeep(
  more: Partial<Pick<Config, "timeZone" | "holidays" | "teams">> = {},
  playbook = upkeep,
): Promise<Upkeep> {
  const world = await startEngineWorld({ playbooks: { upkeep: playbook } });
  const config: Config = { ...world.config, teams: { "DevOps Team": { channel, lead: "U0ALEX" } }, ...more };
  const clock = { now: new Date("2026-11-20T12:00:00Z") };
  const now = () => clock.now;
  const log = pino({ level: "silent" });
  return {
    world,
    at(time) {
      clock.now = new Date(time);
    },
    async start() {
      const crai = await world.process({ now });
      const schedules = createSchedules({
        db: world.db,
        config,
        playbooks: crai.uses.playbooks,
        actions: crai.actions,
        planner: crai.uses.planner,
        startAlone: crai.startAlone,
        wakeOutbox: () => undefined,
        log,
        now,
      });
      await schedules.set();
      const none = () => Promise.resolve(undefined);
      const handlers = { "plan.expires": none, ...schedules.handlers };
      const ticker = startTicker({ db: world.db, handlers, every: 10, log, now });
      onTestFinished(() => ticker.stop());
      return { stop: () => ticker.stop(), runs: crai.runs };
    },
  };
}

/** Days that fell due, oldest first, with what became of them. */
async function days({ db }: EngineWorld): Promise<string[]> {
  const all = await listOccurrences(db, {});
  return all
    .toReversed()
    .map(({ day, missed, run, trouble }) =>
      missed ? `${day} missed` : trouble !== null ? `${day} ${trouble}` : `${day} R${run ?? "?"}`,
    );
}

/** Nothing is due any more, so that what has not happened will not. */
async function quiet({ db }: EngineWorld, now: string): Promise<void> {
  await vi.waitFor(async () => {
    const due = await db
      .selectFrom("deadline")
      .select("key")
      .where("done_at", "is", null)
      .where("due_at", "<=", new Date(now))
      .execute();
    expect(due).toEqual([]);
  });
}

interface Said {
  do: string;
  channel?: { id: string };
  user?: string;
  view: { summary: string; blocks: unknown[] };
}

async function said({ db }: EngineWorld, pattern: RegExp): Promise<Said[]> {
  const rows = await db.selectFrom("outbox").select("message").orderBy("id").execute();
  return rows
    .map(({ message }) => message as unknown as Said)
    .filter(({ view }) => pattern.test(view.summary));
}

test("it begins on each working day at its time, once, and its run is the schedule's", async () => {
  const { world, at, start } = await startUpkeep();
  await start();
  for (const now of ["2026-11-20T12:01:00Z", "2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z"]) {
    at(now);
    await quiet(world, now);
  }
  expect(await days(world)).toEqual([]);
  for (const now of ["2026-11-23T09:00:00Z", "2026-11-23T20:00:00Z", "2026-11-24T09:00:00Z"]) {
    at(now);
    await quiet(world, now);
  }
  expect(await days(world)).toEqual(["2026-11-23 R1", "2026-11-24 R2"]);
  const [run] = await listRuns(world.db, { audience: "everything", limit: 1 });
  expect(run?.actor).toEqual({ kind: "schedule", name: "maintenance" });
});

test("two processes on one record begin it once, and a new start begins nothing again", async () => {
  const { world, at, start } = await startUpkeep();
  const both = [await start(), await start()];
  at("2026-11-23T09:00:00Z");
  await quiet(world, "2026-11-23T09:00:00Z");
  for (const one of both) await one.stop();
  await start();
  await quiet(world, "2026-11-23T09:00:00Z");
  expect(await days(world)).toEqual(["2026-11-23 R1"]);
  expect(await listRuns(world.db, { audience: "everything", limit: 9 })).toHaveLength(1);
});

test("what fell due while crai was down is done once, and said with the days that were missed", async () => {
  const { world, at, start } = await startUpkeep();
  const before = await start();
  await before.stop();
  at("2026-11-25T11:30:00Z");
  await start();
  await quiet(world, "2026-11-25T11:30:00Z");
  expect(await days(world)).toEqual(["2026-11-23 missed", "2026-11-24 missed", "2026-11-25 R1"]);
  const [late, ...more] = await said(world, /begins late/);
  expect(more).toEqual([]);
  expect(late?.channel).toEqual({ id: channel });
  expect(JSON.stringify(late?.view)).toContain("2h 30m late");
  expect(JSON.stringify(late?.view)).toContain("missed on 2026-11-23, 2026-11-24");
});

test("a holiday is left out, and its time is that of the team's clocks", async () => {
  const { world, at, start } = await startUpkeep({ timeZone: "America/New_York", holidays: ["11-23"] });
  at("2026-11-20T20:00:00Z");
  await start();
  for (const now of ["2026-11-23T20:00:00Z", "2026-11-24T13:59:00Z"]) {
    at(now);
    await quiet(world, now);
    expect(await days(world)).toEqual([]);
  }
  at("2026-11-24T14:00:00Z");
  await quiet(world, "2026-11-24T14:00:00Z");
  expect(await days(world)).toEqual(["2026-11-24 R1"]);
});

test("who is still to do something is reminded half-way, and the lead hears of it when it is overdue", async () => {
  const { world, at, start } = await startUpkeep();
  const { runs } = await start();
  const began = new Date("2026-11-23T09:00:00Z");
  at(began.toISOString());
  await quiet(world, began.toISOString());
  const carried = runs.begin(1).then(() => runs.carryOut(1));
  await vi.waitFor(async () => expect(await said(world, /^Tasks|^checklist/i)).not.toEqual([]));
  await runs.answer({ run: 1, step: "tasks", item: "1", text: "so", note: null, actor: robin });
  const half = addHours(began, 4).toISOString();
  at(half);
  await quiet(world, half);
  const [reminder] = await said(world, /still to be done/);
  expect(JSON.stringify(reminder?.view)).toContain("Count the backups (Database team)");
  expect(JSON.stringify(reminder?.view)).not.toContain("Read the logs");
  const late = addMilliseconds(addHours(began, 8), 1).toISOString();
  at(late);
  await quiet(world, late);
  const overdue = await said(world, /is overdue/);
  // The team of what is left has no lead: everybody hears of it where outages are announced.
  expect(overdue.map((one) => one.channel?.id ?? one.user)).toEqual([channel, world.config.slack.announce]);
  await runs.answer({ run: 1, step: "tasks", item: "2", text: "so", note: null, actor: robin });
  await carried;
  await runs.finish(1);
  expect((await listRuns(world.db, { audience: "everything", limit: 1 }))[0]?.outcome).toBe("succeeded");
});

test("a schedule whose rights were taken away says why it could not begin, and comes again the next day", async () => {
  const { world, at, start } = await startUpkeep();
  world.config.access.roles["watch"]!.members = [];
  await start();
  at("2026-11-23T09:00:00Z");
  await quiet(world, "2026-11-23T09:00:00Z");
  expect(await days(world)).toEqual([expect.stringMatching(/^2026-11-23 You may not see status/)]);
  const [broken] = await said(world, /upkeep of 2026-11-23 could not begin/);
  expect(JSON.stringify(broken?.view)).toContain("workload:read");
  world.config.access.roles["watch"]!.members = ["schedule:maintenance"];
  at("2026-11-24T09:00:00Z");
  await quiet(world, "2026-11-24T09:00:00Z");
  expect((await days(world)).at(-1)).toBe("2026-11-24 R1");
});
