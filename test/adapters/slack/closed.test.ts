import { expect, test, vi } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import type { Channel } from "../../../sandbox/slack/client-api.ts";
import { textOf } from "../../support/slack-text.ts";
import {
  channels,
  invocations,
  keepShown,
  newIncident,
  newSlack,
  outbox,
  received,
  send,
  startAll,
  textView,
} from "./setup.ts";

const crai = "U0CRAI";
type Office = Awaited<ReturnType<typeof startAll>>;

async function directOf({ robin }: Office): Promise<string> {
  return (await robin.call("im.open", { user: crai })).channel.id;
}

/** A private channel of Robin and Alex. */
async function privateChannel({ robin, alex }: Office): Promise<Channel> {
  const { channel } = await robin.call("channel.create", { name: "war-room", is_private: true });
  await robin.call("channel.invite", { channel: channel.id, user: alex.id });
  return channel;
}

async function responseUrl(office: Office, channel: string): Promise<string> {
  await office.robin.command(channel, "/crai rollback api");
  const typed = await vi.waitFor(async () => {
    const found = (await invocations(office.db)).at(-1);
    expect(found).toBeDefined();
    return found!;
  });
  return typed.place.responseUrl!;
}

async function closings({ db }: Office) {
  return (await received(db)).filter((one) => one.kind === "channel.closed");
}

test("crai comes into a public channel in which it has a message to keep up to date", async () => {
  const office = await startAll();
  const channel = { id: channels.general };
  await keepShown(office, "plan", { do: "post", channel, view: textView("Planned") });
  const first = await office.robin.waitForMessage(channels.general, /^Planned$/);
  await keepShown(office, "plan", { do: "post", channel, view: textView("Started") });
  const edited = await office.robin.waitForMessage(channels.general, /^Started$/);
  expect(edited.ts).toBe(first.ts);
});

test("where crai is not let in, a plan stands in direct messages, others see a copy, and the asker is told where", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  const elsewhere = {
    user: people.robin.slack,
    channel: channels.incidents,
    responseUrl: await responseUrl(office, id),
  };
  await keepShown(office, "plan", { do: "post", channel: { id }, view: textView("P1: Planned"), elsewhere });
  await send(office, "details", { do: "post", channel: { id }, view: textView("The diff"), under: "plan" });

  const direct = await directOf(office);
  const plan = await office.robin.waitForMessage(direct, /P1: Planned/);
  await office.robin.waitForMessage(direct, /The diff/, { thread: plan.ts });
  const copy = await office.alex.waitForMessage(channels.incidents, /P1: Planned/);
  const pointer = await office.robin.waitForMessage(id, /our direct messages and in <#C0INCIDENTS>/);
  expect(pointer.is_ephemeral).toBe(true);
  expect(textOf(pointer)).toContain("/invite @crai");
  expect((await office.alex.history(id)).map(textOf).join()).not.toContain("P1");

  await keepShown(office, "plan", { do: "post", channel: { id }, view: textView("P1: Started"), elsewhere });
  expect((await office.robin.waitForMessage(direct, /P1: Started/)).ts).toBe(plan.ts);
  expect((await office.alex.waitForMessage(channels.incidents, /P1: Started/)).ts).toBe(copy.ts);
  expect(await closings(office)).toEqual([]);
});

test("a direct message between two people is such a place too", async () => {
  const office = await startAll();
  const { channel } = await office.robin.call("im.open", { user: office.alex.id });
  const elsewhere = { user: people.robin.slack, responseUrl: await responseUrl(office, channel.id) };
  await keepShown(office, "plan", {
    do: "post",
    channel: { id: channel.id },
    view: textView("P1: Planned"),
    elsewhere,
  });
  await office.robin.waitForMessage(await directOf(office), /P1: Planned/);
  await office.robin.waitForMessage(channel.id, /I cannot post here.*our direct messages/);
});

test("a message goes on in direct messages when crai is taken out of its private channel", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  await office.robin.call("channel.invite", { channel: id, user: crai });
  const elsewhere = { user: people.robin.slack };
  await keepShown(office, "run", { do: "post", channel: { id }, view: textView("R1 Running"), elsewhere });
  await office.robin.waitForMessage(id, /R1 Running/);
  await office.robin.call("channel.remove", { channel: id, user: crai });
  await keepShown(office, "run", { do: "post", channel: { id }, view: textView("R1 Cured"), elsewhere });
  await office.robin.waitForMessage(await directOf(office), /R1 Cured/);
});

test("what nobody asked for waits until crai is invited again, is noted once, and doctor names the channel", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  for (const text of ["One", "Two"])
    await send(office, text, { do: "post", channel: { id }, view: textView(text) });
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "Two")).toMatchObject({ error: "Slack refused: channel_not_found" }),
  );
  expect(await closings(office)).toMatchObject([{ place: { channel: id }, code: "channel_not_found" }]);
  await expect(office.slack.chat.check()).rejects.toThrow(id);

  await office.robin.call("channel.invite", { channel: id, user: crai });

  await office.robin.waitForMessage(id, /^Two$/);
  const said = (await office.robin.history(id)).filter((one) => one.subtype === undefined);
  expect(said.map(textOf)).toEqual(["One", "Two"]);
  expect(await office.slack.chat.check()).toContain("Socket Mode");
});

test("an archived channel gets what waited once it is unarchived and crai has something to say", async () => {
  const office = await startAll();
  const channel = { id: channels.api };
  await keepShown(office, "card", { do: "post", channel, view: textView("Card 1") });
  await office.robin.waitForMessage(channels.api, /Card 1/);
  await office.robin.call("channel.archive", { channel: channels.api });
  await keepShown(office, "card", { do: "post", channel, view: textView("Card 2") });
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "card")).toMatchObject({ error: "Slack refused: is_inactive" }),
  );
  await office.robin.call("channel.unarchive", { channel: channels.api });

  await send(office, "news", { do: "post", channel, view: textView("News") });

  await office.robin.waitForMessage(channels.api, /News/);
  await office.robin.waitForMessage(channels.api, /Card 2/);
});

test("a channel made private keeps its messages up to date", async () => {
  const office = await startAll();
  const channel = { id: channels.api };
  await keepShown(office, "card", { do: "post", channel, view: textView("Card 1"), pin: true });
  await office.robin.waitForMessage(channels.api, /Card 1/);
  await office.robin.call("channel.make_private", { channel: channels.api });
  await keepShown(office, "card", { do: "post", channel, view: textView("Card 2"), pin: true });
  await office.robin.waitForMessage(channels.api, /Card 2/);
});

test("a file for a channel that is closed to crai reaches who asked for it", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  const url = await responseUrl(office, id);
  await send(office, "export", {
    do: "post",
    channel: { id },
    view: textView("Exported"),
    responseUrl: url,
    elsewhere: { user: people.robin.slack, responseUrl: url },
    attachments: [{ filename: "post-mortem.md", title: "Post-mortem", content: "# What happened\n" }],
  });
  await office.robin.waitForMessage(await directOf(office), /file: Post-mortem/);
  await office.robin.waitForMessage(id, /Exported.*our direct messages/);
});

test("an answer whose URL is spent reaches who asked for it", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  const url = await responseUrl(office, id);
  office.workspace.faults.set({ status: 404, methods: ["response_url"] });
  await send(office, "answer", {
    do: "post",
    channel: { id },
    view: textView("Declared"),
    responseUrl: url,
    elsewhere: { user: people.robin.slack },
  });
  await office.robin.waitForMessage(await directOf(office), /Declared/);
});

test("that an incident's channel cannot be created is noted, and tried again", async () => {
  const office = await startAll();
  const { number, channelName: name } = await newIncident(office.db);
  office.workspace.faults.set({ error: "restricted_action", methods: ["conversations.create"] });
  await send(office, "open", { do: "open-channel", incident: number, name, private: false, topic: "errors" });
  await vi.waitFor(async () =>
    expect(await closings(office)).toMatchObject([
      { place: { incident: number }, code: "restricted_action" },
    ]),
  );
  expect((await outbox(office.db, "open")).failed_at).toBeNull();
});

test("a message that the workspace no longer lets edit is posted anew", async () => {
  const office = await startAll();
  const channel = { id: channels.api };
  await keepShown(office, "run", { do: "post", channel, view: textView("Running") });
  const first = await office.robin.waitForMessage(channels.api, /Running/);
  office.workspace.faults.set({ error: "edit_window_closed", methods: ["chat.update"] });
  await keepShown(office, "run", { do: "post", channel, view: textView("Cured") });
  expect((await office.robin.waitForMessage(channels.api, /Cured/)).ts).not.toBe(first.ts);
});

test("after a restart doctor still names the channels that are closed to crai, and nobody is told of them again", async () => {
  const office = await startAll();
  const { id } = await privateChannel(office);
  await send(office, "first", { do: "post", channel: { id }, view: textView("One") });
  await vi.waitFor(async () => expect(await closings(office)).toHaveLength(1));
  await vi.waitFor(async () => expect((await outbox(office.db, "first")).failed_at).not.toBeNull());
  await office.slack.stop();

  const { slack } = newSlack({ db: office.db, apiUrl: office.apiUrl, wake: () => undefined });
  await slack.start();
  await expect(slack.chat.check()).rejects.toThrow(new RegExp(`${id} \\(\\w+\\)`));
  await send({ ...office, slack }, "second", { do: "post", channel: { id }, view: textView("Two") });
  await vi.waitFor(async () => expect((await outbox(office.db, "second")).failed_at).not.toBeNull());
  expect(await closings(office)).toHaveLength(1);
});
