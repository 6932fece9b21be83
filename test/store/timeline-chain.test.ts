import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Fact, Stream, TimelineEntry } from "../../src/domain/timeline.ts";
import { verifyChain } from "../../src/domain/timeline.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { appendEntry, readStream } from "../../src/store/timeline.ts";
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

const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => !value.includes("\0"));
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant("note.added" as const), text, link: fc.option(text) }),
  fc.record({ kind: fc.constant("entry.amended" as const), seq: fc.integer({ min: 1, max: 9 }), text }),
  fc.record({ kind: fc.constant("plan.voided" as const), plan: fc.integer({ min: 1, max: 99 }), why: text }),
);
const append = fc.record({
  fact,
  at: fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
  /** Few, so that causes come again. */
  cause: fc.integer({ min: 1, max: 12 }),
  /** The transaction that carries it is rolled back. */
  fails: fc.boolean(),
});

test(
  "facts that are appended at once make a chain without gaps, each cause once",
  { timeout: 120_000 },
  async () => {
    const db = await startDatabase();
    let told = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 24 }), async (appends) => {
        const stream: Stream = `incident:${++told}`;
        const ends = await Promise.allSettled(
          appends.map(({ fact: content, at, cause, fails }) =>
            db.transaction().execute(async (trx) => {
              await appendEntry(trx, {
                stream,
                at,
                key: `cause:${cause}`,
                actor: { kind: "observer" },
                fact: content,
              });
              if (fails) throw new Error("rolled back");
            }),
          ),
        );
        // A cause that is recorded already is no error: whoever comes again has nothing left to do.
        expect(ends.map(({ status }) => status === "rejected")).toEqual(appends.map(({ fails }) => fails));
        const entries = await readStream(db, stream);
        expect(verifyChain(entries)).toEqual({ intact: true, entries: entries.length });
        const kept = new Set(appends.filter(({ fails }) => !fails).map(({ cause }) => cause));
        expect(entries).toHaveLength(kept.size);
      }),
      { numRuns: 30 },
    );
  },
);

type Path = (string | number)[];

/** Every value in an entry, however deep. */
function leavesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null || value instanceof Date) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}

function changed(value: unknown, at: number): unknown {
  if (value instanceof Date) return new Date(value.getTime() + 1);
  if (typeof value === "number") return value + 1;
  if (typeof value !== "string") return "x";
  if (value === "") return "x";
  const index = at % value.length;
  return `${value.slice(0, index)}${value[index] === "a" ? "b" : "a"}${value.slice(index + 1)}`;
}

function withChange(entry: TimelineEntry, [name, ...rest]: Path, at: number): TimelineEntry {
  const copy = structuredClone(entry) as unknown as Record<string, unknown>;
  let inside = copy;
  let last = String(name);
  for (const next of rest) {
    inside = inside[last] as Record<string, unknown>;
    last = String(next);
  }
  inside[last] = changed(inside[last], at);
  return copy as unknown as TimelineEntry;
}

test(
  "a single changed byte anywhere in a chain is found, and so is an entry that is gone or moved",
  { timeout: 120_000 },
  async () => {
    const db = await startDatabase();
    const facts = fc.sample(fact, 12);
    for (const [index, content] of facts.entries())
      await db.transaction().execute((trx) =>
        appendEntry(trx, {
          stream: "incident:1",
          at: new Date("2026-11-22T10:00:00Z"),
          key: `cause:${index}`,
          actor: { kind: "person", id: "U0ROBIN", name: "Robin" },
          fact: content,
        }),
      );
    const chain = await readStream(db, "incident:1");
    fc.assert(
      fc.property(fc.nat(chain.length - 1), fc.nat(), fc.nat(), (entry, leaf, at) => {
        const paths = leavesOf(chain[entry]);
        const path = paths[leaf % paths.length]!;
        const forged = chain.with(entry, withChange(chain[entry]!, path, at));
        expect(verifyChain(forged), path.join(".")).toMatchObject({ intact: false });
      }),
      { numRuns: 500 },
    );
    const shorter = [...chain.keys()].slice(0, -1).map((index) => chain.toSpliced(index, 1));
    expect(shorter.map((entries) => verifyChain(entries))).toEqual(
      shorter.map((_, index) => ({ intact: false, seq: index + 1, why: `entry ${index + 1} is missing` })),
    );
    expect(verifyChain([chain[1]!, chain[0]!, ...chain.slice(2)])).toMatchObject({ intact: false, seq: 1 });
  },
);
