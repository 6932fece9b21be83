import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { type DeadlineHandlers, startTicker, type Ticker } from "../../src/engine/ticker.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { setDeadline } from "../../src/store/deadlines.ts";
import { createTestDatabase } from "../support/database.ts";

async function startDatabase(): Promise<Database> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  return db;
}

function tick(db: Database, handlers: DeadlineHandlers, now = () => new Date()): Ticker {
  const ticker = startTicker({ db, handlers, every: 10, log: pino({ level: "silent" }), now });
  onTestFinished(() => ticker.stop());
  return ticker;
}

const past = new Date("2026-11-22T10:00:00Z");

function due(db: Database, key: string, kind: string): Promise<void> {
  return setDeadline(db, { key, kind, subject: { key }, dueAt: past });
}

function openKeys(db: Database) {
  return db.selectFrom("deadline").select("key").where("done_at", "is", null).execute();
}

test("a deadline whose handler breaks keeps no other one waiting, and is handled again later", async () => {
  const db = await startDatabase();
  let now = past;
  let tries = 0;
  const done: unknown[] = [];
  tick(
    db,
    {
      breaks: () => {
        tries++;
        return Promise.reject(new Error("PagerDuty is away"));
      },
      works: ({ key }) => {
        done.push(key);
        return Promise.resolve(undefined);
      },
    },
    () => now,
  );
  await due(db, "first", "breaks");
  await due(db, "second", "works");
  await vi.waitFor(() => expect(done).toEqual(["second"]));
  await vi.waitFor(async () => expect(await openKeys(db)).toEqual([{ key: "first" }]));
  expect(tries).toBe(1);
  now = new Date(past.getTime() + 60_000);
  await vi.waitFor(() => expect(tries).toBe(2));
});

test("a handler that hangs holds up no other deadline", async () => {
  const db = await startDatabase();
  const hang = Promise.withResolvers<undefined>();
  const done: unknown[] = [];
  tick(db, {
    hangs: () => hang.promise,
    works: ({ key }) => {
      done.push(key);
      return Promise.resolve(undefined);
    },
  });
  onTestFinished(() => hang.resolve(undefined));
  await due(db, "first", "hangs");
  await due(db, "second", "works");
  await vi.waitFor(() => expect(done).toEqual(["second"]));
});

test("a deadline that is moved while it is handled fires at its new date", async () => {
  const db = await startDatabase();
  let now = past;
  const fired: string[] = [];
  const later = new Date(past.getTime() + 60_000);
  tick(
    db,
    {
      moves: async ({ key }) => {
        fired.push(now.toISOString());
        if (now === past)
          await setDeadline(db, {
            key: String(key),
            kind: "moves",
            subject: { key: String(key) },
            dueAt: later,
          });
        return undefined;
      },
    },
    () => now,
  );
  await due(db, "first", "moves");
  await vi.waitFor(() => expect(fired).toHaveLength(1));
  now = later;
  await vi.waitFor(() => expect(fired).toEqual([past.toISOString(), later.toISOString()]));
});

test("a deadline that a crash left half handled is handled again, and one that is done never", async () => {
  const db = await startDatabase();
  let handled = 0;
  const half = Promise.withResolvers<undefined>();
  const crashed = tick(db, {
    counts: () => {
      handled++;
      return half.promise;
    },
  });
  await due(db, "first", "counts");
  await vi.waitFor(() => expect(handled).toBe(1));
  // The other process knows nothing of it: the row alone says what is open.
  const restarted = tick(db, {
    counts: () => {
      handled++;
      return Promise.resolve(undefined);
    },
  });
  await vi.waitFor(async () => expect(await openKeys(db)).toEqual([]));
  half.resolve(undefined);
  await crashed.stop();
  await restarted.stop();
  tick(db, {
    counts: () => {
      handled++;
      return Promise.resolve(undefined);
    },
    works: () => Promise.resolve(undefined),
  });
  await due(db, "second", "works");
  await vi.waitFor(async () => expect(await openKeys(db)).toEqual([]));
  expect(handled).toBe(2);
});
