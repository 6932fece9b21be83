// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { person } from "../../support/person.ts";
import { startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

async function start() {
  const { url, apiUrl } = await startWorkspace();
  const robin = person(url, people.robin.slack);
  const noor = person(url, people.noor.slack);
  await Promise.all([robin, noor].map((one) => one.waitForEvent("hello")));
  return { url, client: webClient(apiUrl), robin, noor };
}

test("a person learns who they are, who else there is and what they can type", async () => {
  const { robin } = await start();

  expect(await robin.call("whoami", {})).toMatchObject({
    team: { id: "T0CREDIT" },
    user: { id: people.robin.slack, real_name: "Robin" },
    people: Object.values(people).map(({ slack: id }) => ({ id })),
    app: { user: slack.bot.user },
    commands: [{ command: "/crai" }],
    app_reachable: false,
  });
  const names = (await robin.channels()).map((channel) => channel.name);
  expect(names).toEqual(["general", "incidents", "team-api"]);
});

test("typed names become tokens and markup is escaped, as Slack's own client does", async () => {
  const { robin } = await start();

  const { text } = await robin.say(api, "@crai see #incidents & <b>, @sre @here @nobody <@U0ALEX>");
  expect(text).toBe(
    "<@U0CRAI> see <#C0INCIDENTS|incidents> &amp; &lt;b&gt;, <!subteam^S0SRE|@sre> <!here> @nobody <@U0ALEX>",
  );
});

test("mass mentions are found in text, blocks and attachments, but not in plain text", async () => {
  const { client, robin } = await start();
  await client.chat.postMessage({
    channel: api,
    text: "quiet",
    blocks: [{ type: "header", text: { type: "plain_text", text: "<!channel>" } }],
  });
  expect(await robin.massMentions()).toEqual([]);

  await client.chat.postMessage({ channel: api, text: "<!channel> db is down" });
  await client.chat.postMessage({
    channel: api,
    text: "also",
    blocks: [{ type: "section", text: { type: "mrkdwn", text: "wake up <!subteam^S0SRE|@sre>" } }],
  });
  await client.chat.postMessage({ channel: api, text: "also", attachments: [{ text: "<!here>" }] });

  const found = (await robin.massMentions()).map(({ mentions }) => mentions.join());
  expect(found).toEqual(["<!channel>", "<!subteam^S0SRE|@sre>", "<!here>"]);
});

test("unread counts messages of others until the channel is read, and mentions among them", async () => {
  const { client, robin } = await start();
  await client.chat.postMessage({ channel: api, text: "one" });
  await client.chat.postMessage({ channel: api, text: `two <@${people.robin.slack}>` });
  await client.chat.postEphemeral({ channel: api, text: "three", user: people.robin.slack });

  expect(await robin.channel("team-api")).toMatchObject({ unread: 2, unread_mentions: 1 });
  await robin.call("channel.read", { channel: api });
  expect(await robin.channel("team-api")).toMatchObject({ unread: 0, unread_mentions: 0 });
});

test("what happens is pushed to those who may see it", async () => {
  const { client, robin, noor } = await start();
  const message = await robin.say(api, "db is slow");
  await noor.waitForEvent("message", (event) => event.message.ts === message.ts);

  await robin.call("message.edit", { channel: api, ts: message.ts, text: "db is very slow" });
  await noor.waitForEvent("message_changed", (event) => event.message.text === "db is very slow");
  await robin.react(message, "eyes");
  await noor.waitForEvent("reaction_added", (event) => event.name === "eyes");
  await robin.pin(message);
  await noor.waitForEvent("pin_added");
  await noor.waitForEvent("message_changed", (event) => event.message.is_pinned === true);
  await robin.say(api, "since 10:02", { thread: message.ts });
  await noor.waitForEvent("message_changed", (event) => event.message.reply_count === 1);
  await client.bookmarks.add({ channel_id: api, type: "link", title: "Runbook", link: "https://r.example" });
  await noor.waitForEvent("bookmarks_changed", (event) => event.bookmarks.length === 1);
  await client.conversations.setTopic({ channel: api, topic: "slow" });
  await noor.waitForEvent(
    "channel_changed",
    (event) => event.change === "topic" && event.channel.topic === "slow",
  );

  const { channel } = await client.conversations.create({ name: "inc-0001-db" });
  await noor.waitForEvent("channel_added", (event) => event.channel.id === channel!.id);
  await client.conversations.invite({ channel: channel!.id!, users: people.robin.slack });
  await noor.waitForEvent("member_joined", (event) => event.user === people.robin.slack);
  await client.conversations.archive({ channel: channel!.id! });
  await noor.waitForEvent("channel_changed", (event) => event.change === "archived");
  await client.chat.postEphemeral({ channel: api, text: "psst", user: people.robin.slack });
  await robin.waitForEvent("message", (event) => event.message.is_ephemeral === true);
  await robin.call("message.delete", { channel: api, ts: (await robin.say(api, "typo")).ts });
  await noor.waitForEvent("message_deleted");
  expect(JSON.stringify(noor.events)).not.toContain("psst");
});

test("a person who does not exist, and a call that does not, are told so", async () => {
  const { url, robin } = await start();

  await expect(person(url, "U0NOBODY").channels()).rejects.toThrow(/unknown_person.*U0ROBIN/);
  await expect(robin.call("message.post", { channel: api, text: "" })).rejects.toThrow("invalid_arguments");
});

test("waiting in vain says what was seen instead", async () => {
  const { robin } = await start();
  await robin.say(api, "rolling back");

  await expect(robin.waitForMessage(api, /rolled back/, { withinMs: 50 })).rejects.toThrow(
    /waited 50 ms for a message like \/rolled back\/ in C0API[\s\S]*U0ROBIN: rolling back/,
  );
});
