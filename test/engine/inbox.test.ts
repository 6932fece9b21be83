import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { commands } from "../../commands/index.ts";
import { UserError } from "../../src/domain/errors.ts";
import { turnOf } from "../../src/engine/commands/turn.ts";
import { type Handler, type Inbox, type SlackDelivery, startInbox } from "../../src/engine/inbox.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { receive } from "../../src/store/inbox.ts";
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

/** One handler for every source. */
function carryOut(db: Database, handler: Handler): Inbox {
  const inbox = startInbox({
    db,
    handlers: { alertmanager: handler, grafana: handler, pagerduty: handler, slack: handler },
    turnOf: (delivery) => turnOf(delivery, commands),
    log: pino({ level: "silent" }),
    now: () => new Date(),
  });
  onTestFinished(() => inbox.stop());
  return inbox;
}

async function store(db: Database, source: "slack" | "alertmanager", name: string): Promise<void> {
  await receive(db, { source, key: randomUUID(), body: { name }, receivedAt: new Date() });
}

function rows(db: Database) {
  return db.selectFrom("inbox").select(["body", "done_at", "error"]).orderBy("id").execute();
}

function nameOf({ body }: { body: object }): string {
  return (body as { name: string }).name;
}

test("a delivery that broke because the database or the network was away is carried out again, not dropped", async () => {
  const db = await startDatabase();
  const tries: string[] = [];
  const inbox = carryOut(db, async ([row]) => {
    tries.push(nameOf(row!));
    // As one broken connection does: the next statement gets a new one.
    if (tries.length === 1)
      await db.executeQuery(
        db.selectNoFrom((eb) => eb.fn("pg_terminate_backend", [eb.fn("pg_backend_pid")]).as("x")).compile(),
      );
  });
  await store(db, "alertmanager", "page");
  inbox.wake();
  await vi.waitFor(
    async () => expect(await rows(db)).toMatchObject([{ done_at: expect.any(Date) as Date, error: null }]),
    { timeout: 10_000 },
  );
  expect(tries).toEqual(["page", "page"]);
});

test("a refusal is an answer: its delivery is done at once", async () => {
  const db = await startDatabase();
  let tries = 0;
  const inbox = carryOut(db, () => {
    tries++;
    return Promise.reject(new UserError("no", { why: "because", next: "nothing" }));
  });
  await store(db, "slack", "rollback");
  inbox.wake();
  await vi.waitFor(async () =>
    expect(await rows(db)).toMatchObject([{ error: "no", done_at: expect.any(Date) as Date }]),
  );
  expect(tries).toBe(1);
});

test("a command that always breaks is given up with its reason, an alert is kept, and neither keeps others waiting for ever", async () => {
  const db = await startDatabase();
  const inbox = carryOut(db, (given) =>
    given.some((row) => nameOf(row) === "poison") ? Promise.reject(new Error("a bug")) : Promise.resolve(),
  );
  await store(db, "alertmanager", "poison");
  await store(db, "alertmanager", "page");
  await store(db, "slack", "poison");
  await store(db, "slack", "rollback");
  inbox.wake();
  await vi.waitFor(
    async () =>
      expect((await rows(db)).map(({ done_at: done, error }) => [done !== null, error])).toEqual([
        [false, "a bug"],
        [true, null],
        [true, "a bug"],
        [true, null],
      ]),
    { timeout: 20_000, interval: 100 },
  );
});

test("what is stored while another delivery hangs is found, also when it was committed late", async () => {
  const db = await startDatabase();
  const hang = Promise.withResolvers<void>();
  const done: string[] = [];
  const inbox = carryOut(db, async ([row]) => {
    if (nameOf(row!) === "slow") await hang.promise;
    done.push(nameOf(row!));
  });
  onTestFinished(() => hang.resolve());
  await store(db, "slack", "slow");
  // A row whose transaction began first and is committed last: its number is lower than what was seen already.
  const late = await db.startTransaction().execute();
  await receive(late, { source: "slack", key: randomUUID(), body: { name: "late" }, receivedAt: new Date() });
  await store(db, "slack", "early");
  inbox.wake();
  await vi.waitFor(() => expect(done).toEqual(["early"]));
  await late.commit().execute();
  await vi.waitFor(() => expect(done).toEqual(["early", "late"]), { timeout: 10_000 });
});

/** As the Slack listeners store what is typed. */
async function type(db: Database, channel: string, text: string): Promise<void> {
  const at = new Date();
  const place = { surface: "slash", channel, thread: null, responseUrl: null } as const;
  const actor = { kind: "person", id: "U0ROBIN", name: "Robin" } as const;
  const body: SlackDelivery = {
    kind: "invocation",
    invocation: { id: randomUUID(), text, actor, place, at: at.toISOString() },
  };
  await receive(db, { source: "slack", key: randomUUID(), body, receivedAt: at });
}

test("what changes an incident is carried out in the order in which it was typed, and waits for nothing else", async () => {
  const db = await startDatabase();
  const hang = Promise.withResolvers<void>();
  const done: string[] = [];
  const inbox = carryOut(db, async (given) => {
    for (const { body } of given) {
      const delivery = body as SlackDelivery;
      const text = delivery.kind === "invocation" ? delivery.invocation.text : "";
      if (text === "ack") await hang.promise;
      done.push(text);
    }
  });
  onTestFinished(() => hang.resolve());
  await type(db, "C1", "ack");
  await type(db, "C1", "Mitigate --reason halved");
  await type(db, "C1", "resolve");
  await type(db, "C1", "stop R1");
  await type(db, "C2", "note elsewhere");
  inbox.wake();
  await vi.waitFor(() => expect(done.toSorted()).toEqual(["note elsewhere", "stop R1"]));
  hang.resolve();
  await vi.waitFor(() => expect(done.slice(2)).toEqual(["ack", "Mitigate --reason halved", "resolve"]));
});

test("what a crash left open is carried out by the next start, and what is done is not", async () => {
  const db = await startDatabase();
  const hang = Promise.withResolvers<void>();
  const crashed = carryOut(db, () => hang.promise);
  await store(db, "slack", "open");
  crashed.wake();
  await vi.waitFor(async () => expect(await rows(db)).toHaveLength(1));
  const done: string[] = [];
  const handler: Handler = (given) => {
    done.push(...given.map(nameOf));
    return Promise.resolve();
  };
  carryOut(db, handler).wake();
  await vi.waitFor(async () => expect(await rows(db)).toMatchObject([{ done_at: expect.any(Date) as Date }]));
  carryOut(db, handler).wake();
  await store(db, "slack", "new");
  await vi.waitFor(() => expect(done).toContain("new"), { timeout: 10_000 });
  hang.resolve();
  expect(done.filter((name) => name === "open")).toEqual(["open"]);
});
