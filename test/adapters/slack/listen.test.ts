import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import { updateIncident } from "../../../src/store/incidents.ts";
import { channels, invocations, newIncident, received, startAll } from "./setup.ts";

/** Makes the database refuse to take anything in, as a full disk does. */
async function breakInbox(db: Awaited<ReturnType<typeof startAll>>["db"]): Promise<void> {
  await sql`alter table inbox rename to inbox_away`.execute(db);
}

async function mendInbox(db: Awaited<ReturnType<typeof startAll>>["db"]): Promise<void> {
  await sql`alter table inbox_away rename to inbox`.execute(db);
}

describe("a slash command", () => {
  test("is stored as it was typed, with who, where and how to answer, before it is acknowledged", async () => {
    const office = await startAll();
    let storedAtAck = 0;

    const delivery = await office.robin.command(channels.api, "/crai rollback api —reason “too  slow”");
    storedAtAck = (await invocations(office.db)).length;

    expect(delivery.outcome).toBe("delivered");
    expect(storedAtAck).toBe(1);
    const [invocation] = await invocations(office.db);
    expect(invocation).toMatchObject({
      text: 'rollback api --reason "too  slow"',
      actor: { kind: "person", id: people.robin.slack, name: "robin" },
      place: { surface: "slash", channel: channels.api, thread: null },
    });
    expect(invocation?.place.responseUrl).toMatch(/\/response\//);
    expect(invocation?.id).toMatch(/^slash:/);
    expect(office.woken).toHaveLength(1);
  });

  test("typed twice is two commands", async () => {
    const office = await startAll();
    await office.robin.command(channels.api, "/crai status");
    await office.robin.command(channels.api, "/crai status");

    expect(await invocations(office.db)).toHaveLength(2);
  });

  test("that cannot be stored is said to have done nothing", async () => {
    const office = await startAll();
    await breakInbox(office.db);

    const { outcome } = await office.robin.command(channels.api, "/crai rollback api");

    expect(outcome).toBe("delivered");
    await office.robin.waitForMessage(channels.api, /could not store this command, so nothing was done/);
  });

  test("leaves no word of itself in the log", async () => {
    const office = await startAll();
    await office.robin.command(channels.api, "/crai note the password is hunter2");
    await office.robin.say(channels.api, "<@U0CRAI> note the password is hunter3");
    await vi.waitFor(async () => expect(await invocations(office.db)).toHaveLength(2));
    await breakInbox(office.db);
    await office.robin.command(channels.api, "/crai note the password is hunter4");

    expect(office.lines.join("")).not.toMatch(/hunter/);
  });
});

describe("a mention", () => {
  test("that begins a message is a command, in channels and in threads", async () => {
    const office = await startAll();
    const root = await office.robin.say(channels.api, "<@U0CRAI> status api");
    await vi.waitFor(async () => expect(await invocations(office.db)).toHaveLength(1));
    await office.robin.say(channels.api, "<@U0CRAI>: rollback api", { thread: root.ts });

    await vi.waitFor(async () => expect(await invocations(office.db)).toHaveLength(2));
    expect(await invocations(office.db)).toMatchObject([
      {
        text: "status api",
        place: { surface: "mention", channel: channels.api, thread: null, responseUrl: null },
      },
      { text: "rollback api", place: { surface: "mention", thread: root.ts } },
    ]);
  });

  test("in passing is none, and an edited one is no second command", async () => {
    const office = await startAll();
    await office.robin.say(channels.api, "ask <@U0CRAI> about it");
    const { ts } = await office.robin.say(channels.api, "<@U0CRAI> status api");
    await office.robin.call("message.edit", { channel: channels.api, ts, text: "<@U0CRAI> rollback api" });
    await office.robin.say(channels.api, "<@U0CRAI> runs");

    await vi.waitFor(async () => {
      // Two sockets carry events: they may overtake each other.
      const texts = (await invocations(office.db)).map(({ text }) => text).sort();
      expect(texts).toEqual(["runs", "status api"]);
    });
  });

  test("that could not be stored comes again", async () => {
    const office = await startAll({ timings: { eventRetriesMs: [100, 500, 1000] } });
    await breakInbox(office.db);
    await office.robin.say(channels.api, "<@U0CRAI> status api");
    await vi.waitFor(() => expect(office.lines.join("")).toMatch(/could not be taken in/));

    await mendInbox(office.db);

    await vi.waitFor(
      async () => expect(await invocations(office.db)).toMatchObject([{ text: "status api" }]),
      5000,
    );
  });
});

describe("a message that is pinned", () => {
  test("is taken down once a person, whichever way and however often", async () => {
    const office = await startAll();
    const message = await office.robin.say(channels.api, "The disk is full");

    await office.alex.react(message, "pushpin");
    await vi.waitFor(async () => expect(await received(office.db)).toHaveLength(1));
    await office.robin.react(message, "round_pushpin");
    await office.robin.pin(message);
    expect(await office.robin.shortcut("Add to incident timeline", message)).toEqual({
      outcome: "delivered",
    });
    await office.robin.say(channels.api, "<@U0CRAI> runs");

    await vi.waitFor(async () => expect(await received(office.db)).toHaveLength(3));
    expect(await received(office.db)).toContainEqual({
      kind: "message.pinned",
      by: { kind: "person", id: people.alex.slack, name: people.alex.slack },
      channel: channels.api,
      ts: message.ts,
      at: expect.any(String) as string,
    });
  });

  test("is followed when it is edited and deleted; other messages are not", async () => {
    const office = await startAll();
    const { number } = await newIncident(office.db);
    await updateIncident(office.db, number, { channel: channels.api });
    const other = await office.robin.say(channels.api, "lunch?");
    const message = await office.robin.say(channels.api, "The disk is full");
    await office.robin.react(message, "pushpin");
    await vi.waitFor(async () => expect(await received(office.db)).toHaveLength(1));

    const { channel, ts } = message;
    await office.robin.call("message.edit", { channel, ts: other.ts, text: "dinner?" });
    await office.robin.call("message.edit", {
      channel,
      ts,
      text: "The disk of <@U0ALEX> is 98 > 95 % full",
    });
    await vi.waitFor(async () => expect(await received(office.db)).toHaveLength(2));
    await office.robin.call("message.delete", { channel, ts });
    await office.robin.call("message.delete", { channel, ts: other.ts });

    await vi.waitFor(async () => expect(await received(office.db)).toHaveLength(3));
    const [, edited, deleted] = await received(office.db);
    expect(edited).toMatchObject({
      kind: "message.changed",
      ts,
      text: "The disk of @U0ALEX is 98 > 95 % full",
    });
    expect(deleted).toMatchObject({
      kind: "message.changed",
      ts,
      text: null,
      by: { id: people.robin.slack },
    });
  });

  test("by crai itself is no timeline entry", async () => {
    const office = await startAll();
    const message = await office.robin.say(channels.api, "The disk is full");
    const mark = { channel: channels.api, timestamp: message.ts };
    for (const [method, body] of [
      ["reactions.add", { ...mark, name: "pushpin" }],
      ["pins.add", mark],
    ] as const)
      await fetch(`${office.apiUrl}${method}`, {
        method: "POST",
        headers: { authorization: "Bearer xoxb-sandbox-crai" },
        body: new URLSearchParams(body),
      });
    await office.robin.say(channels.api, "<@U0CRAI> runs");

    await vi.waitFor(async () => expect(await invocations(office.db)).toHaveLength(1));
    expect(await received(office.db)).toHaveLength(1);
  });
});

test("opening the Home tab asks for it, and it shows what is published, also a second time", async () => {
  const office = await startAll();
  await office.robin.home();
  await vi.waitFor(async () =>
    expect(await received(office.db)).toMatchObject([
      { kind: "home.opened", by: { id: people.robin.slack } },
    ]),
  );

  const view = { summary: "Home", blocks: [{ type: "text", text: "Nothing burns" }] } as const;
  await office.slack.publishHome(people.robin.slack, view);
  await office.robin.waitForHome(/Nothing burns/);
  let published = 0;
  office.workspace.onRequest("views.publish", "stored", () => {
    published += 1;
  });
  await office.slack.publishHome(people.robin.slack, view);

  await vi.waitFor(() => expect(published).toBe(1));
});
