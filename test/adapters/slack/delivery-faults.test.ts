import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import { readStream } from "../../../src/store/timeline.ts";
import { textOf } from "../../support/slack-text.ts";
import { channels, keepShown, newIncident, newSlack, outbox, send, startAll, textView } from "./setup.ts";

const api = { id: channels.api };

async function saidIn(office: Awaited<ReturnType<typeof startAll>>, channel: string): Promise<string[]> {
  const all = await office.robin.history(channel);
  return all.filter((one) => one.subtype === undefined).map(textOf);
}

test("a post whose answer was lost is found again, not repeated", async () => {
  const office = await startAll();
  office.workspace.faults.set({ loseResponses: 1, methods: ["chat.postMessage"] });

  await send(office, "plan", { do: "post", channel: api, view: textView("The plan"), pin: true });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "plan")).toMatchObject({ delivered: true }),
    10_000,
  );

  expect(await saidIn(office, channels.api)).toEqual(["The plan"]);
  expect((await office.robin.pins(channels.api)).map(textOf)).toEqual(["The plan"]);
});

test("a reply whose answer was lost is found again in its thread", async () => {
  const office = await startAll();
  const root = await office.robin.say(channels.api, "Root");
  office.workspace.faults.set({ loseResponses: 1, methods: ["chat.postMessage"] });

  await send(office, "diff", { do: "post", channel: api, view: textView("The diff"), thread: root.ts });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "diff")).toMatchObject({ delivered: true }),
    10_000,
  );

  expect((await office.robin.thread(channels.api, root.ts)).map(textOf)).toEqual(["Root", "The diff"]);
});

test("a direct message whose answer was lost is found again", async () => {
  const office = await startAll();
  office.workspace.faults.set({ loseResponses: 1, methods: ["chat.postMessage"] });

  await send(office, "ask", { do: "direct", user: people.alex.slack, view: textView("Approve?") });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "ask")).toMatchObject({ delivered: true }),
    10_000,
  );

  const { channel } = await office.alex.call("im.open", { user: "U0CRAI" });
  expect((await office.alex.history(channel.id)).map(textOf)).toEqual(["Approve?"]);
});

test("a database that is away for a moment loses no message", async () => {
  const office = await startAll();
  office.workspace.onRequest("chat.postMessage", "stored", async () => {
    await sql`alter table outbox rename to outbox_away`.execute(office.db);
    setTimeout(() => void sql`alter table outbox_away rename to outbox`.execute(office.db), 300);
  });

  await send(office, "plan", { do: "post", channel: api, view: textView("The plan") });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "plan")).toMatchObject({ delivered: true }),
    10_000,
  );

  expect(await saidIn(office, channels.api)).toEqual(["The plan"]);
});

test("a post whose answer was lost, and whose state changed meanwhile, stands once, with the last state", async () => {
  const office = await startAll();
  office.workspace.faults.set({ loseResponses: 1, methods: ["chat.postMessage"] });
  office.workspace.onRequest("chat.postMessage", "stored", async () => {
    await keepShown(office, "card", { do: "post", channel: api, view: textView("Done") });
  });

  await keepShown(office, "card", { do: "post", channel: api, view: textView("Working") });
  await office.robin.waitForMessage(channels.api, /^Done$/);

  expect(await saidIn(office, channels.api)).toEqual(["Done"]);
});

test("states that come while one is on its way: the last one wins", async () => {
  const office = await startAll();
  await keepShown(office, "card", { do: "post", channel: api, view: textView("0") });
  await office.robin.waitForMessage(channels.api, /^0$/);
  let updates = 0;
  office.workspace.onRequest("chat.update", "received", async () => {
    updates += 1;
    if (updates > 1) return;
    for (let state = 2; state <= 9; state += 1)
      await keepShown(office, "card", { do: "post", channel: api, view: textView(String(state)) });
  });

  await keepShown(office, "card", { do: "post", channel: api, view: textView("1") });
  await office.robin.waitForMessage(channels.api, /^9$/);

  expect(updates).toBe(2);
  expect(await saidIn(office, channels.api)).toEqual(["9"]);
});

test.each([
  ["answers 500", { status: 500 }],
  ["answers 503", { status: 503 }],
  ["cuts every connection", { down: true }],
  ["says internal_error", { error: "internal_error" }],
])("while Slack %s nothing is lost; afterwards all arrives once and in order", async (_, fault) => {
  const office = await startAll();
  office.workspace.faults.set(fault);
  for (const index of [1, 2, 3])
    await send(office, `m${index}`, { do: "post", channel: api, view: textView(`Number ${index}`) });
  await vi.waitFor(async () => expect((await outbox(office.db, "m1")).attempts).toBeGreaterThan(1), 10_000);

  office.workspace.faults.clear();
  await office.robin.waitForMessage(channels.api, /Number 3/);

  expect(await saidIn(office, channels.api)).toEqual(["Number 1", "Number 2", "Number 3"]);
});

test("Retry-After is kept to, and another channel does not wait for it", async () => {
  const office = await startAll();
  const calls: number[] = [];
  let limited = true;
  office.workspace.faults.set({ status: 429, methods: ["chat.update"] });
  await keepShown(office, "card", { do: "post", channel: api, view: textView("Before") });
  await office.robin.waitForMessage(channels.api, /^Before$/);
  await keepShown(office, "card", { do: "post", channel: api, view: textView("After") });
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "card")).toMatchObject({ error: "rate limited for 1 s" }),
  );
  office.workspace.onRequest("chat.update", "received", () => {
    if (limited) calls.push(Date.now());
  });

  await send(office, "other", {
    do: "post",
    channel: { id: channels.incidents },
    view: textView("Meanwhile"),
  });
  await office.robin.waitForMessage(channels.incidents, /Meanwhile/);
  limited = false;
  office.workspace.faults.clear();
  await office.robin.waitForMessage(channels.api, /^After$/);

  expect(calls).toEqual([]);
});

test("Slack's own limits are met before Slack has to refuse", async () => {
  const office = await startAll({ rateLimits: "realistic" });
  let refusals = 0;
  office.workspace.onRequest("chat.postMessage", "answered", ({ answer }) => {
    if (answer?.["error"] === "ratelimited") refusals += 1;
  });
  for (let index = 1; index <= 7; index += 1)
    await send(office, `m${index}`, { do: "post", channel: api, view: textView(`Number ${index}`) });

  await office.robin.waitForMessage(channels.api, /Number 7/);

  expect(refusals).toBe(0);
});

test("a crash between posting and recording it: the next start finds the message", async () => {
  const office = await startAll();
  const stuck = Promise.withResolvers<void>();
  const posted = Promise.withResolvers<void>();
  office.workspace.onRequest("chat.postMessage", "stored", () => {
    posted.resolve();
    return stuck.promise;
  });
  await send(office, "plan", { do: "post", channel: api, view: textView("The plan") });
  await posted.promise;
  // No answer comes to the process that asked: it is as dead to the database as one that was killed.
  expect(await outbox(office.db, "plan")).toMatchObject({ delivered: false });

  const next = newSlack({ db: office.db, apiUrl: office.apiUrl });
  next.slack.delivery.start();
  await vi.waitFor(
    async () => expect(await outbox(office.db, "plan")).toMatchObject({ delivered: true }),
    10_000,
  );
  stuck.resolve();

  expect(await saidIn(office, channels.api)).toEqual(["The plan"]);
});

test("a channel whose creation was not answered is found again and used", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  office.workspace.faults.set({ loseResponses: 1, methods: ["conversations.create"] });

  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2",
  });
  await send(office, "card", {
    do: "post",
    channel: { incident: incident.number },
    view: textView("The card"),
  });

  const channel = await office.robin.waitForChannel(new RegExp(`^${incident.channelName}$`));
  await office.robin.waitForMessage(channel.id, /The card/);
  expect(await office.robin.channel(`${incident.channelName}-2`)).toBeUndefined();
  expect(await readStream(office.db, `incident:${incident.number}`)).toHaveLength(1);
});

test("a channel whose purpose could not be set in time is opened once all the same", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  office.workspace.faults.set({
    loseResponses: 2,
    methods: ["conversations.setPurpose", "conversations.setTopic"],
  });

  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2",
  });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "open")).toMatchObject({ delivered: true }),
    15_000,
  );

  const names = (await office.robin.channels())
    .map(({ name }) => name)
    .filter((name) => name.startsWith("inc-"));
  expect(names).toEqual([incident.channelName]);
});

test("an incident's channel waits for an administrator rather than being given up", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  office.workspace.faults.set({ error: "restricted_action", methods: ["conversations.create"] });

  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2",
  });

  await vi.waitFor(async () =>
    expect(await outbox(office.db, "open")).toMatchObject({
      error: "Slack refused: restricted_action",
      failed_at: null,
      attempts: 1,
    }),
  );
});

test("a revoked token loses nothing", async () => {
  const office = await startAll();
  office.workspace.faults.set({ error: "token_revoked" });

  await send(office, "plan", { do: "post", channel: api, view: textView("The plan") });

  await vi.waitFor(async () =>
    expect(await outbox(office.db, "plan")).toMatchObject({
      error: "Slack refused: token_revoked",
      failed_at: null,
    }),
  );
});

test("what one person was told is not told again when its answer was lost", async () => {
  const office = await startAll();
  office.workspace.faults.set({ loseResponses: 1, methods: ["chat.postEphemeral"] });

  await send(office, "refusal", {
    do: "ephemeral",
    channel: channels.api,
    user: people.robin.slack,
    view: textView("You may not"),
  });
  await vi.waitFor(async () => expect(await outbox(office.db, "refusal")).toMatchObject({ delivered: true }));

  expect((await office.robin.ephemerals(channels.api)).map(textOf)).toEqual(["You may not"]);
});

test("what one person was told is not told again after a crash", async () => {
  const office = await startAll();
  const stuck = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  office.workspace.onRequest("chat.postEphemeral", "stored", () => {
    told.resolve();
    return stuck.promise;
  });
  await send(office, "refusal", {
    do: "ephemeral",
    channel: channels.api,
    user: people.robin.slack,
    view: textView("You may not"),
  });
  await told.promise;

  const next = newSlack({ db: office.db, apiUrl: office.apiUrl });
  next.slack.delivery.start();
  await vi.waitFor(async () => expect(await outbox(office.db, "refusal")).toMatchObject({ delivered: true }));
  stuck.resolve();

  expect((await office.robin.ephemerals(channels.api)).map(textOf)).toEqual(["You may not"]);
});

test("what one person is told comes later when Slack clearly did not take it", async () => {
  const office = await startAll();
  office.workspace.faults.set({ status: 503, methods: ["chat.postEphemeral"] });
  await send(office, "refusal", {
    do: "ephemeral",
    channel: channels.api,
    user: people.robin.slack,
    view: textView("You may not"),
  });
  await vi.waitFor(async () => expect((await outbox(office.db, "refusal")).attempts).toBeGreaterThan(0));

  office.workspace.faults.clear();

  await office.robin.waitForMessage(channels.api, /You may not/);
});

test("a file whose upload was not answered stands there once", async () => {
  const office = await startAll();
  office.workspace.faults.set({ loseResponses: 1, methods: ["files.completeUploadExternal"] });
  const attachments = [{ filename: "post-mortem.md", title: "Post-mortem", content: "# What happened\n" }];

  await send(office, "export", { do: "post", channel: api, view: textView("Exported"), attachments });
  await vi.waitFor(
    async () => expect(await outbox(office.db, "export")).toMatchObject({ delivered: true }),
    10_000,
  );

  await office.robin.waitForMessage(channels.api, /Exported/);
  const files = (await office.robin.history(channels.api)).flatMap((one) => one.files ?? []);
  expect(files.map(({ name }) => name)).toEqual(["post-mortem.md"]);
});
