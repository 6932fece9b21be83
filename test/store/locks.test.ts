import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { breakLock, heldLocks, holdsLocks, releaseLocks, takeLocks } from "../../src/store/locks.ts";
import { createTestDatabase, execute } from "../support/database.ts";

const runs = 6;
const targets = ["a", "b", "c", "d"];

/** Runs without plans: only their numbers matter here. */
async function startDatabase(): Promise<{ db: Database; url: string }> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, { connections: 8 });
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  await execute(database.url, "alter table lock drop constraint lock_run_fkey");
  return { db, url: database.url };
}

type Move =
  | { do: "take"; run: number; wants: string[] }
  | { do: "release"; run: number }
  | { do: "break"; run: number; target: string };

const run = fc.integer({ min: 1, max: runs });
const target = fc.constantFrom(...targets);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      run,
      wants: fc.array(target, { minLength: 1, maxLength: 3 }),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ do: fc.constant("release" as const), run }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant("break" as const), run, target }), weight: 1 },
);

class Busy extends Error {}

/** Takes all targets or none, as the transaction does that starts a run. Returns the fence, or null. */
async function take(db: Database, number: number, wants: string[]): Promise<number | null> {
  try {
    return await db.transaction().execute(async (trx) => {
      const taking = await takeLocks(trx, {
        targets: wants,
        run: number,
        holder: { kind: "observer" },
        at: new Date(),
      });
      if (!taking.taken) throw new Busy();
      return taking.fence;
    });
  } catch (error) {
    if (error instanceof Busy) return null;
    throw error;
  }
}

type Win = { run: number; wants: string[]; fence: number | null };

/** Carries the moves of a round out at once; returns what was asked for and got, or not. */
async function play(db: Database, round: readonly Move[]): Promise<Win[]> {
  const wins = await Promise.all(
    round.map(async (one): Promise<Win[]> => {
      switch (one.do) {
        case "release":
          await releaseLocks(db, one.run);
          return [];
        case "break":
          await breakLock(db, one.target, one.run);
          return [];
        case "take":
          return [{ run: one.run, wants: one.wants, fence: await take(db, one.run, one.wants) }];
      }
    }),
  );
  return wins.flat();
}

type Held = Awaited<ReturnType<typeof heldLocks>>;

/** What must never be, after a round that began with `before`. */
function problems(before: Held, held: Held, wins: readonly Win[]): string[] {
  return held.flatMap((lock) => {
    const known = before.find((earlier) => earlier.target === lock.target);
    const won = wins.some(
      ({ run: by, wants, fence }) => by === lock.run && fence !== null && wants.includes(lock.target),
    );
    return [
      ...(held.filter((other) => other.target === lock.target).length > 1
        ? [`${lock.target} has two holders`]
        : []),
      ...(won || known?.run === lock.run ? [] : [`${lock.target} fell to ${lock.run}, who did not get it`]),
      // A write under the old fence can be told from one under the new.
      ...(known !== undefined && known.run !== lock.run && lock.fence <= known.fence
        ? [`${lock.target} has an old fence`]
        : []),
    ];
  });
}

test(
  "however runs take, give back and lose locks at once, a target has one holder and a run has all or none",
  { timeout: 120_000 },
  async () => {
    const { db, url } = await startDatabase();
    const rounds = fc.array(fc.array(move, { minLength: 1, maxLength: 6 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rounds, async (played) => {
        await db.deleteFrom("lock").execute();
        for (const round of played) {
          const before = await heldLocks(db);
          const wins = await play(db, round);
          const held = await heldLocks(db);
          expect(problems(before, held, wins)).toEqual([]);
          // Where nobody gave anything back, whoever got something has all of it.
          const kept = round.every((one) => one.do === "take")
            ? wins.filter(({ fence }) => fence !== null)
            : [];
          for (const { run: by, wants } of kept) expect(await holdsLocks(db, wants, by)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
    const [stats] = await execute(
      url,
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    expect(Number(stats!["deadlocks"])).toBe(0);
  },
);
