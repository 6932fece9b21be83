import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { Retention } from "../../src/domain/retention.ts";
import { enqueueRun, startDurable } from "../../src/engine/durable/run-workflow.ts";
import { say, show } from "../../src/engine/record.ts";
import { createRetention } from "../../src/engine/retention.ts";
import { startTicker } from "../../src/engine/ticker.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { endDeadline, setDeadline } from "../../src/store/deadlines.ts";
import { markDone, openDeliveries, receive } from "../../src/store/inbox.ts";
import { dueHeads, markDelivered } from "../../src/store/outbox.ts";
import { appendEntry, readStream } from "../../src/store/timeline.ts";
import { createTestDatabase } from "../support/database.ts";

const log = pino({ level: "silent" });
const start = new Date("2026-11-22T10:00:00Z");
const day = 86_400_000;
const view = { summary: "Hello", blocks: [] };

async function startDatabase() {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  return { db, url: database.url };
}

/** One of everything that comes in, goes out and falls due; all but what is named `open` is done. */
async function liveADay(db: Database): Promise<void> {
  await receive(db, { source: "slack", key: "command", body: { kind: "invocation" }, receivedAt: start });
  await receive(db, { source: "slack", key: "pinned", body: { kind: "message.pinned" }, receivedAt: start });
  const ids = (await openDeliveries(db)).map(({ id }) => id);
  await markDone(db, ids, { at: start, error: null });
  await receive(db, { source: "slack", key: "open", body: { kind: "invocation" }, receivedAt: start });
  await say(db, { key: "answer", about: null }, { do: "ephemeral", channel: "C1", user: "U1", view }, start);
  await show(db, { key: "card", about: null }, { do: "post", channel: { id: "C2" }, view }, start);
  for (const row of await dueHeads(db, "slack", start, [])) await markDelivered(db, row, null);
  await say(db, { key: "open", about: null }, { do: "direct", user: "U1", view }, start);
  for (const key of ["done", "open"])
    await setDeadline(db, { key, kind: "other", subject: {}, dueAt: new Date(start.getTime() + 9999 * day) });
  await endDeadline(db, "done", start);
  await appendEntry(db, {
    stream: "plan:1",
    at: start,
    key: "note",
    actor: { kind: "observer" },
    fact: { kind: "note.added", text: "It was so.", link: null },
  });
}

async function keys(db: Database) {
  const of = async (table: "inbox" | "outbox" | "deadline") =>
    (await db.selectFrom(table).select("key").where("key", "!=", "retention").orderBy("key").execute()).map(
      ({ key }) => key,
    );
  return { inbox: await of("inbox"), outbox: await of("outbox"), deadline: await of("deadline") };
}

test("what is done goes after its time, what is open stays, and the timeline stays for ever", async () => {
  const { db } = await startDatabase();
  let now = start;
  await liveADay(db);
  const before = await readStream(db, "plan:1");
  const kept = Retention.parse({});
  const retention = createRetention({
    db,
    kept,
    forgetWorkflows: () => Promise.resolve(0),
    log,
    now: () => now,
  });
  await retention.begin();
  const ticker = startTicker({
    db,
    every: 10,
    log,
    now: () => now,
    handlers: { retention: () => retention.sweep() },
  });
  onTestFinished(() => ticker.stop());
  const sweptUpTo = (date: Date) =>
    vi.waitFor(async () => {
      const [row] = await db.selectFrom("deadline").select("due_at").where("key", "=", "retention").execute();
      expect(row!.due_at > date).toBe(true);
    });

  now = new Date(start.getTime() + 29 * day);
  await sweptUpTo(now);
  expect(await keys(db)).toEqual({
    inbox: ["command", "open", "pinned"],
    outbox: ["answer", "card", "open"],
    deadline: ["done", "open"],
  });

  now = new Date(start.getTime() + 31 * day);
  await sweptUpTo(now);
  expect(await keys(db)).toEqual({ inbox: ["open", "pinned"], outbox: ["card", "open"], deadline: ["open"] });

  now = new Date(start.getTime() + 401 * day);
  await sweptUpTo(now);
  expect(await keys(db)).toEqual({ inbox: ["open"], outbox: ["open"], deadline: ["open"] });
  expect(await readStream(db, "plan:1")).toEqual(before);
});

test("the durable engine forgets the runs that ended, and not those under way", async () => {
  const { db, url } = await startDatabase();
  const waiting = Promise.withResolvers<never>();
  const durable = await startDurable({
    db,
    url,
    runs: {
      begin: (run) => (run === 1 ? Promise.resolve([] as never) : waiting.promise),
      carryOut: () => Promise.resolve(true as never),
      finish: () => Promise.resolve(),
      abandon: () => Promise.resolve(),
    },
    log,
  });
  onTestFinished(async () => {
    waiting.resolve([] as never);
    await durable.stop();
  });
  await db.transaction().execute((trx) => enqueueRun(trx, 1));
  await db.transaction().execute((trx) => enqueueRun(trx, 2));

  await vi.waitFor(async () => expect(await durable.forget(new Date(Date.now() + day))).toBe(1), {
    timeout: 20_000,
  });
  expect(await durable.forget(new Date(Date.now() + day))).toBe(0);
});
