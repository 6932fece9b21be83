import { expect, test, vi } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import { readStream } from "../../../src/store/timeline.ts";
import { textOf } from "../../support/slack-text.ts";
import { channels, keepShown, newIncident, outbox, send, startAll, textView } from "./setup.ts";

test("a message is posted once and edited afterwards, never reposted", async () => {
  const office = await startAll();
  const channel = { id: channels.api };

  await keepShown(office, "card", { do: "post", channel, view: textView("Planning"), pin: true });
  await office.robin.waitForMessage(channels.api, /^Planning$/);
  await keepShown(office, "card", { do: "post", channel, view: textView("Planned"), pin: true });
  await office.robin.waitForMessage(channels.api, /^Planned$/);
  await office.slack.delivery.drain();

  const said = (await office.robin.history(channels.api)).filter((one) => one.subtype === undefined);
  expect(said.map(textOf)).toEqual(["Planned"]);
  expect((await office.robin.pins(channels.api)).map(textOf)).toEqual(["Planned"]);
});

test("messages of one channel arrive in the order they were stored", async () => {
  const office = await startAll();
  const count = 6;
  for (let index = 0; index < count; index += 1)
    await send(office, `m${index}`, {
      do: "post",
      channel: { id: channels.api },
      view: textView(`Number ${index}`),
    });

  await office.robin.waitForMessage(channels.api, /Number 5/);

  expect((await office.robin.history(channels.api)).map(textOf)).toEqual(
    Array.from({ length: count }, (_, index) => `Number ${index}`),
  );
});

test("a deleted message is posted and pinned anew when its next state comes", async () => {
  const office = await startAll();
  const channel = { id: channels.api };
  await keepShown(office, "card", { do: "post", channel, view: textView("First"), pin: true });
  const first = await office.robin.waitForMessage(channels.api, /First/);
  await fetch(`${office.apiUrl}chat.delete`, {
    method: "POST",
    headers: { authorization: "Bearer xoxb-sandbox-crai" },
    body: new URLSearchParams({ channel: channels.api, ts: first.ts }),
  });

  await keepShown(office, "card", { do: "post", channel, view: textView("Second"), pin: true });

  const second = await office.robin.waitForMessage(channels.api, /Second/);
  expect(second.ts).not.toBe(first.ts);
  await vi.waitFor(async () =>
    expect((await office.robin.pins(channels.api)).map(({ ts }) => ts)).toEqual([second.ts]),
  );
});

test("a message that belongs under another waits for it and stands in its thread", async () => {
  const office = await startAll();
  const channel = { id: channels.api };
  office.workspace.faults.set({ status: 500, methods: ["chat.postMessage"] });
  await send(office, "plan", { do: "post", channel: { id: channels.incidents }, view: textView("The plan") });
  await vi.waitFor(async () => expect((await outbox(office.db, "plan")).attempts).toBeGreaterThan(0));
  office.workspace.faults.clear();
  await send(office, "diff", {
    do: "post",
    channel: { id: channels.incidents },
    view: textView("The diff"),
    under: "plan",
  });
  await send(office, "other", { do: "post", channel, view: textView("Meanwhile") });

  const plan = await office.robin.waitForMessage(channels.incidents, /The plan/);
  await office.robin.waitForMessage(channels.incidents, /The diff/, { thread: plan.ts });
  await office.robin.waitForMessage(channels.api, /Meanwhile/);
});

test("a message under one that was given up stands in the channel", async () => {
  const office = await startAll();
  await send(office, "plan", { do: "post", channel: { id: "C0NOWHERE" }, view: textView("The plan") });
  await send(office, "diff", {
    do: "post",
    channel: { id: channels.api },
    view: textView("The diff"),
    under: "plan",
  });

  const diff = await office.robin.waitForMessage(channels.api, /The diff/);

  expect(diff.thread_ts).toBeUndefined();
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "plan")).toMatchObject({ error: "Slack refused: channel_not_found" }),
  );
});

test("a message in a thread stays there, one whose thread was deleted stands in the channel", async () => {
  const office = await startAll();
  const question = await office.robin.say(channels.api, "What now?");
  const channel = { id: channels.api };

  await send(office, "a", { do: "post", channel, view: textView("In thread"), thread: question.ts });
  await send(office, "b", { do: "post", channel, view: textView("Homeless"), thread: "1700000000.000001" });

  const there = await office.robin.waitForMessage(channels.api, /In thread/, { thread: question.ts });
  expect(there.thread_ts).toBe(question.ts);
  const homeless = await office.robin.waitForMessage(channels.api, /Homeless/);
  expect(homeless.thread_ts).toBeUndefined();
});

test("a file stands below its message", async () => {
  const office = await startAll();
  const attachments = [{ filename: "post-mortem.md", title: "Post-mortem", content: "# What happened\n" }];

  await send(office, "export", {
    do: "post",
    channel: { id: channels.api },
    view: textView("Exported"),
    attachments,
  });

  const message = await office.robin.waitForMessage(channels.api, /Exported/);
  const withFile = await office.robin.waitForMessage(channels.api, /file: Post-mortem/, {
    after: message.ts,
  });
  const url = `${office.url}${withFile.files?.[0]?.url_private}`;
  expect(await (await fetch(url)).text()).toBe("# What happened\n");
});

test("what only one person is told is seen by nobody else", async () => {
  const office = await startAll();

  await send(office, "refusal", {
    do: "ephemeral",
    channel: channels.api,
    user: people.robin.slack,
    view: textView("You may not"),
  });

  await office.robin.waitForMessage(channels.api, /You may not/);
  expect(await office.alex.history(channels.api)).toEqual([]);
});

test("an answer to one person reaches them directly where crai is not in the channel", async () => {
  const office = await startAll();

  await send(office, "refusal", {
    do: "ephemeral",
    channel: channels.general,
    user: people.robin.slack,
    view: textView("You may not"),
  });

  const { channel } = await office.robin.call("im.open", { user: "U0CRAI" });
  await office.robin.waitForMessage(channel.id, /You may not/);
  expect(await office.robin.history(channels.general)).toEqual([]);
});

test("a direct message goes to one person", async () => {
  const office = await startAll();
  await send(office, "ask", { do: "direct", user: people.alex.slack, view: textView("Approve?") });

  const { channel } = await office.alex.call("im.open", { user: "U0CRAI" });
  await office.alex.waitForMessage(channel.id, /Approve\?/);
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "ask")).toMatchObject({
      delivered: true,
      receipt: { channel: channel.id },
    }),
  );
});

test("an answer reaches a channel crai is not in through the URL of the command", async () => {
  const office = await startAll();
  await office.robin.command(channels.general, "/crai status");
  const [row] = await office.db.selectFrom("inbox").selectAll().execute();
  const { invocation } = row!.body as { invocation: { place: { responseUrl: string } } };
  const { responseUrl } = invocation.place;

  await keepShown(office, "status", {
    do: "post",
    channel: { id: channels.general },
    view: textView("All is well"),
    responseUrl,
  });

  const message = await office.alex.waitForMessage(channels.general, /All is well/);
  expect(message.is_ephemeral).toBeUndefined();
  await vi.waitFor(async () => expect(await outbox(office.db, "status")).toMatchObject({ delivered: true }));
});

test("a URL that is not Slack's is never called", async () => {
  const office = await startAll();

  await send(office, "odd", {
    do: "post",
    channel: { id: channels.general },
    view: textView("Hello"),
    responseUrl: "http://169.254.169.254/latest/meta-data",
  });

  await vi.waitFor(async () =>
    expect(await outbox(office.db, "odd")).toMatchObject({ error: "the response URL is not Slack's" }),
  );
});

test("a view that Slack refuses is sent as plain text", async () => {
  const office = await startAll();
  let refused = 0;
  // As if Slack had a limit we do not know of.
  office.workspace.onRequest("chat.postMessage", "received", ({ args }) => {
    if (args["blocks"] === undefined || args["blocks"] === "[]") return;
    refused += 1;
    args["blocks"] = JSON.stringify([{ type: "nonsense" }]);
  });

  await send(office, "plan", {
    do: "post",
    channel: { id: channels.api },
    view: {
      summary: "Roll back api",
      blocks: [{ type: "buttons", buttons: [{ label: "Confirm", command: "approve P1" }] }],
    },
  });

  await office.robin.waitForMessage(channels.api, /Roll back api\nConfirm: \/crai approve P1/);
  expect(refused).toBe(1);
});

test("people are invited all at once, who is there already or cannot be is passed over", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  const channel = { incident: incident.number };
  const users = [people.robin.slack, people.alex.slack, "U0GONE"];

  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2 · api",
  });
  await send(office, "invite", { do: "invite", channel, users });
  await office.robin.waitForChannel(new RegExp(incident.channelName));
  await vi.waitFor(
    async () => expect(await outbox(office.db, "invite")).toMatchObject({ delivered: true }),
    10_000,
  );

  const { id } = (await office.robin.channel(incident.channelName))!;
  const { members } = await office.robin.call("channel.members", { channel: id });
  expect(members.map((one) => one.id).sort()).toEqual(
    [people.alex.slack, "U0CRAI", people.robin.slack].sort(),
  );
});

test("an incident's channel is opened with its topic, recorded on the timeline, and gets what waited for it", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2 · api <b>",
  });
  await send(office, "card", {
    do: "post",
    channel: { incident: incident.number },
    view: textView("The card"),
  });

  const channel = await office.sasha.waitForChannel(new RegExp(`^${incident.channelName}$`));
  await office.sasha.waitForMessage(channel.id, /The card/);

  expect(channel).toMatchObject({ is_private: false });
  const entries = await readStream(office.db, `incident:${incident.number}`);
  expect(entries.map(({ fact }) => fact)).toEqual([
    { kind: "channel.opened", channel: channel.id, name: incident.channelName },
  ]);
  expect((await office.sasha.channel(incident.channelName))?.topic).toBe("sev2 · api &lt;b&gt;");
});

test("a confidential incident's channel is seen by those invited and by nobody else", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db, "security");
  const channel = { incident: incident.number };
  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: true,
    topic: "sev2",
  });
  await send(office, "invite", { do: "invite", channel, users: [people.alex.slack] });

  await office.alex.waitForChannel(new RegExp(`^${incident.channelName}$`));

  expect(await office.robin.channel(incident.channelName)).toBeUndefined();
});

test("a name that somebody else took gets a number", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  const taken = new URLSearchParams({ name: incident.channelName });
  const headers = { authorization: "Bearer xoxb-sandbox-crai" };
  await fetch(`${office.apiUrl}conversations.create`, { method: "POST", headers, body: taken });
  const channel = await office.robin.waitForChannel(new RegExp(`^${incident.channelName}$`));
  // Of an incident of the same number in another life of crai.
  await fetch(`${office.apiUrl}conversations.setPurpose`, {
    method: "POST",
    headers,
    body: new URLSearchParams({
      channel: channel.id,
      purpose: "Incident 1, opened 2020-01-01 00:00:00 UTC. Kept by crai.",
    }),
  });

  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2",
  });

  const opened = await office.robin.waitForChannel(new RegExp(`^${incident.channelName}-2$`));
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "open")).toMatchObject({ receipt: { channel: opened.id } }),
  );
});

test("topic, name and reactions are set", async () => {
  const office = await startAll();
  const incident = await newIncident(office.db);
  const message = await office.robin.say(channels.api, "broken");
  const channel = { incident: incident.number };
  await send(office, "open", {
    do: "open-channel",
    incident: incident.number,
    name: incident.channelName,
    private: false,
    topic: "sev2",
  });
  await send(office, "topic", { do: "topic", channel, topic: "sev1" });
  await send(office, "rename", { do: "rename", channel, name: `${incident.channelName}-resolved` });
  await send(office, "react", { do: "react", channel: channels.api, ts: message.ts, emoji: "eyes" });

  const renamed = await office.robin.waitForChannel(/-resolved$/);
  expect(renamed.topic).toBe("sev1");
  await vi.waitFor(async () => {
    const [first] = await office.robin.history(channels.api);
    expect(first?.reactions).toMatchObject([{ name: "eyes", users: ["U0CRAI"] }]);
  });
});

test("a lane whose message can never be delivered goes on with the next", async () => {
  const office = await startAll();
  await send(office, "react", { do: "react", channel: channels.api, ts: "1.000001", emoji: "eyes" });
  await send(office, "after", { do: "post", channel: { id: channels.api }, view: textView("Still here") });

  await office.robin.waitForMessage(channels.api, /Still here/);
  await vi.waitFor(async () =>
    expect(await outbox(office.db, "react")).toMatchObject({ error: "Slack refused: message_not_found" }),
  );
});
