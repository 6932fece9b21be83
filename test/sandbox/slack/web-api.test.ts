// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { completeManifest } from "../../../sandbox/slack/manifest.ts";
import { person } from "../../support/person.ts";
import { textOf } from "../../support/slack-text.ts";
import { startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

async function start() {
  const { url, apiUrl, workspace } = await startWorkspace();
  return { url, apiUrl, workspace, client: webClient(apiUrl), robin: person(url, people.robin.slack) };
}

/** The whole answer of a refused call. */
async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await call.then(
    () => {
      throw new Error("It was not refused");
    },
    (error: { data?: Record<string, unknown> }) => error,
  );
  if (error.data === undefined) throw error;
  return error.data;
}

async function code(call: Promise<unknown>): Promise<unknown> {
  return (await refusal(call))["error"];
}

test("the bot's token names the bot; an unknown one is invalid_auth, none at all not_authed", async () => {
  const { client, apiUrl } = await start();

  expect(await client.auth.test()).toMatchObject({
    user_id: slack.bot.user,
    bot_id: slack.bot.id,
    team_id: "T0CREDIT",
  });
  expect(await code(webClient(apiUrl, "xoxb-someone-else").auth.test())).toBe("invalid_auth");
  const bare = await fetch(`${apiUrl}auth.test`, { method: "POST" });
  expect(await bare.json()).toEqual({ ok: false, error: "not_authed" });
  expect(await code(client.apiCall("nothing.like.that"))).toBe("unknown_method");
});

test("a scope that the manifest does not ask for is missing_scope, naming it", async () => {
  const poor = completeManifest({ oauth_config: { scopes: { bot: ["chat:write", "channels:read"] } } });
  const { apiUrl } = await startWorkspace({ manifest: poor });
  const client = webClient(apiUrl);

  expect(await refusal(client.reactions.add({ channel: api, timestamp: "1.0", name: "eyes" }))).toMatchObject(
    {
      error: "missing_scope",
      needed: "reactions:write",
      provided: "chat:write,channels:read",
    },
  );
  expect(await refusal(client.conversations.create({ name: "secret", is_private: true }))).toMatchObject({
    error: "missing_scope",
    needed: "groups:write",
  });
  expect(await code(client.users.info({ user: people.alex.slack }))).toBe("missing_scope");
  expect(await client.conversations.info({ channel: api })).toMatchObject({ ok: true });
});

test("channel names follow Slack's rules, and a name is taken once, archived or private though it be", async () => {
  const { client } = await start();
  const names: [string, string][] = [
    ["", "invalid_name_required"],
    ["Has-Capitals", "invalid_name_specials"],
    ["has spaces", "invalid_name_specials"],
    ["---", "invalid_name_punctuation"],
    ["a".repeat(81), "invalid_name_maxlength"],
    ["team-api", "name_taken"],
  ];
  for (const [name, error] of names)
    expect([name, await code(client.conversations.create({ name }))]).toEqual([name, error]);

  const { channel } = await client.conversations.create({ name: "inc-0001-leak", is_private: true });
  await client.conversations.archive({ channel: channel!.id! });
  expect(await code(client.conversations.create({ name: "inc-0001-leak" }))).toBe("name_taken");
});

test("an archived channel takes no messages, invitations or topics, and a bot cannot bring it back", async () => {
  const { client, robin } = await start();
  const { channel } = await client.conversations.create({ name: "inc-0002-api" });
  const id = channel!.id!;
  const { ts } = await client.chat.postMessage({ channel: id, text: "Open" });
  await client.conversations.invite({ channel: id, users: people.robin.slack });
  await client.conversations.archive({ channel: id });

  expect(await code(client.chat.postMessage({ channel: id, text: "Anyone?" }))).toBe("is_archived");
  expect(await code(client.conversations.invite({ channel: id, users: people.alex.slack }))).toBe(
    "is_archived",
  );
  expect(await code(client.conversations.setTopic({ channel: id, topic: "x" }))).toBe("is_archived");
  expect(await code(client.chat.update({ channel: id, ts: ts!, text: "Closed" }))).toBe("is_inactive");
  expect(await code(client.conversations.archive({ channel: id }))).toBe("already_archived");
  expect(await code(client.conversations.unarchive({ channel: id }))).toBe("not_in_channel");
  await expect(robin.say(id, "hello?")).rejects.toThrow("is_archived");
  expect((await client.conversations.history({ channel: id })).messages!.length).toBeGreaterThan(0);
  expect((await robin.channel("inc-0002-api"))!.is_archived).toBe(true);
});

test("the bot writes only where it is a member, and a direct message opens by itself", async () => {
  const { client, robin } = await start();

  expect(await code(client.chat.postMessage({ channel: "C0GENERAL", text: "hi" }))).toBe("not_in_channel");
  expect(await code(client.conversations.history({ channel: "C0GENERAL" }))).toBe("not_in_channel");
  expect(await code(client.chat.postMessage({ channel: "C0NOWHERE", text: "hi" }))).toBe("channel_not_found");

  const { channel } = await client.chat.postMessage({ channel: people.robin.slack, text: "You are on call" });
  expect(channel).toMatch(/^D/);
  expect((await client.conversations.open({ users: people.robin.slack })).channel!.id).toBe(channel);
  await robin.waitForMessage(channel!, /You are on call/);
});

test("a private channel does not exist for others: not in lists, not by id, not in history, not in pushes", async () => {
  const { url, client, robin } = await start();
  const noor = person(url, people.noor.slack);
  await noor.waitForEvent("hello");
  const { channel } = await client.conversations.create({ name: "inc-0003-breach", is_private: true });
  const id = channel!.id!;
  await client.conversations.invite({ channel: id, users: people.robin.slack });
  const { ts } = await client.chat.postMessage({ channel: id, text: "Keys were taken" });

  await robin.waitForMessage(id, /Keys were taken/);
  expect(await noor.channel("inc-0003-breach")).toBeUndefined();
  await expect(noor.history(id)).rejects.toThrow("channel_not_found");
  await expect(noor.command(id, "/crai status")).rejects.toThrow("channel_not_found");
  await expect(noor.call("reaction.add", { channel: id, ts: ts!, name: "eyes" })).rejects.toThrow(
    "channel_not_found",
  );

  // The bot too sees a private channel only from inside.
  await client.conversations.leave({ channel: id });
  expect(await code(client.chat.postMessage({ channel: id, text: "?" }))).toBe("channel_not_found");
  const { channels } = await client.conversations.list({ types: "public_channel,private_channel" });
  expect(channels!.map((one) => one.id)).not.toContain(id);

  await client.chat.postMessage({ channel: api, text: "for everyone" });
  await noor.waitForEvent("message", (event) => event.message.text === "for everyone");
  expect(JSON.stringify(noor.events)).not.toContain("Keys were taken");
  expect(JSON.stringify(noor.events)).not.toContain(id);
});

test("an invitation to several is all or nothing, and each joining is told to the channel", async () => {
  const { client, robin } = await start();
  const { channel } = await client.conversations.create({ name: "inc-0004-db" });
  const id = channel!.id!;

  const both = `${people.robin.slack},U0NOBODY`;
  expect(await refusal(client.conversations.invite({ channel: id, users: both }))).toMatchObject({
    error: "user_not_found",
    errors: [{ user: "U0NOBODY", ok: false, error: "user_not_found" }],
  });
  expect((await client.conversations.members({ channel: id })).members).toEqual([slack.bot.user]);
  expect(await code(client.conversations.invite({ channel: id, users: slack.bot.user }))).toBe(
    "cant_invite_self",
  );

  await client.conversations.invite({ channel: id, users: `${people.robin.slack},${people.alex.slack}` });
  expect(await code(client.conversations.invite({ channel: id, users: people.alex.slack }))).toBe(
    "already_in_channel",
  );
  await robin.waitForMessage(id, new RegExp(`<@${people.alex.slack}> has joined`));
  await client.conversations.setTopic({ channel: id, topic: "sev2: db is slow" });
  await client.conversations.rename({ channel: id, name: "inc-0004-postgres" });
  const renamed = await robin.waitForChannel(/^inc-0004-postgres$/);
  expect(renamed.topic).toBe("sev2: db is slow");
  const info = await client.conversations.info({ channel: id, include_num_members: true });
  expect(info.channel).toMatchObject({ num_members: 3, previous_names: ["inc-0004-db"] });
});

test("a post's metadata comes back to the app that asks for it, and never to people", async () => {
  const { client, robin } = await start();
  const metadata = { event_type: "crai_outbox", event_payload: { id: "effect-17" } };
  const { ts } = await client.chat.postMessage({ channel: api, text: "Rolled back", metadata });
  const { ts: reply } = await client.chat.postMessage({
    channel: api,
    thread_ts: ts!,
    text: "Evidence",
    metadata: { ...metadata, event_payload: { id: "effect-18" } },
  });

  const plain = await client.conversations.history({ channel: api });
  expect(plain.messages![0]).not.toHaveProperty("metadata");
  const asked = await client.conversations.history({
    channel: api,
    include_all_metadata: true,
    oldest: ts!,
    inclusive: true,
  });
  expect(asked.messages!.map((one) => one.metadata)).toEqual([metadata]);
  const thread = await client.conversations.replies({ channel: api, ts: ts!, include_all_metadata: true });
  expect(thread.messages!.map((one) => [one.ts, one.metadata?.event_payload])).toEqual([
    [ts, { id: "effect-17" }],
    [reply, { id: "effect-18" }],
  ]);
  const seen = await robin.waitForMessage(api, /Rolled back/);
  expect(JSON.stringify(seen)).not.toContain("effect-17");
  expect(seen.reply_count).toBe(1);

  // An edit keeps what it does not mention; {} takes the metadata away.
  await client.chat.update({ channel: api, ts: ts!, text: "Rolled back to v1.1.9" });
  const kept = await client.conversations.history({
    channel: api,
    include_all_metadata: true,
    latest: ts!,
    inclusive: true,
    limit: 1,
  });
  expect(kept.messages![0]!.metadata).toEqual(metadata);
  await client.chat.update({ channel: api, ts: ts!, text: "Rolled back to v1.1.9", metadata: {} as never });
  const gone = await client.conversations.history({
    channel: api,
    include_all_metadata: true,
    latest: ts!,
    inclusive: true,
    limit: 1,
  });
  expect(gone.messages![0]).not.toHaveProperty("metadata");
});

test("history pages by cursor, newest first, within oldest and latest", async () => {
  const { client } = await start();
  const posted: string[] = [];
  for (const text of ["1", "2", "3", "4", "5"])
    posted.push((await client.chat.postMessage({ channel: api, text })).ts!);

  const first = await client.conversations.history({ channel: api, limit: 2 });
  expect([first.messages!.map((one) => one.text), first.has_more]).toEqual([["5", "4"], true]);
  const cursor = first.response_metadata!.next_cursor!;
  const second = await client.conversations.history({ channel: api, limit: 2, cursor });
  expect(second.messages!.map((one) => one.text)).toEqual(["3", "2"]);
  const between = await client.conversations.history({
    channel: api,
    oldest: posted[1]!,
    latest: posted[3]!,
  });
  expect(between.messages!.map((one) => one.text)).toEqual(["3"]);
});

test("only the author changes or deletes a message; a deleted parent leaves a tombstone over its thread", async () => {
  const { client, robin } = await start();
  const said = await robin.say(api, "rollback please");
  expect(await code(client.chat.update({ channel: api, ts: said.ts, text: "x" }))).toBe(
    "cant_update_message",
  );
  expect(await code(client.chat.delete({ channel: api, ts: said.ts }))).toBe("cant_delete_message");
  expect(await code(client.chat.update({ channel: api, ts: "1.000001", text: "x" }))).toBe(
    "message_not_found",
  );

  const { ts } = await client.chat.postMessage({ channel: api, text: "Plan" });
  await expect(robin.call("message.edit", { channel: api, ts: ts!, text: "Evil" })).rejects.toThrow(
    "cant_update_message",
  );
  await robin.say(api, "looks good", { thread: ts! });
  await client.chat.delete({ channel: api, ts: ts! });
  expect((await robin.thread(api, ts!)).map(textOf)).toEqual(["This message was deleted.", "looks good"]);
});

test("reactions, pins and bookmarks are added once and taken away", async () => {
  const { client, robin } = await start();
  const message = await robin.say(api, "db is slow");
  const on = { channel: api, timestamp: message.ts };

  await client.reactions.add({ ...on, name: "eyes" });
  expect(await code(client.reactions.add({ ...on, name: "eyes" }))).toBe("already_reacted");
  await robin.react(message, "eyes");
  expect((await robin.history(api)).at(-1)!.reactions).toEqual([
    { name: "eyes", count: 2, users: [slack.bot.user, people.robin.slack] },
  ]);
  await client.reactions.remove({ ...on, name: "eyes" });
  expect(await code(client.reactions.remove({ ...on, name: "eyes" }))).toBe("no_reaction");

  await client.pins.add(on);
  expect(await code(client.pins.add(on))).toBe("already_pinned");
  expect((await client.pins.list({ channel: api })).items).toHaveLength(1);
  await client.pins.remove(on);
  expect(await code(client.pins.remove(on))).toBe("no_pin");

  const { bookmark } = await client.bookmarks.add({
    channel_id: api,
    type: "link",
    title: "Runbook",
    link: "https://r.example",
  });
  expect(await robin.bookmarks(api)).toMatchObject([{ title: "Runbook", link: "https://r.example" }]);
  await client.bookmarks.edit({ channel_id: api, bookmark_id: bookmark!.id!, title: "The runbook" });
  expect((await client.bookmarks.list({ channel_id: api })).bookmarks).toMatchObject([
    { title: "The runbook" },
  ]);
  await client.bookmarks.remove({ channel_id: api, bookmark_id: bookmark!.id! });
  expect(await robin.bookmarks(api)).toEqual([]);
});

test("a user's email address is for apps with users:read.email", async () => {
  const { apiUrl } = await startWorkspace({
    manifest: completeManifest({ oauth_config: { scopes: { bot: ["users:read"] } } }),
  });
  const client = webClient(apiUrl);

  const { user } = await client.users.info({ user: people.alex.slack });
  expect(user!.real_name).toBe("Alex");
  expect(user!.profile).not.toHaveProperty("email");
  expect(await code(client.users.lookupByEmail({ email: people.alex.email }))).toBe("missing_scope");
});

test("people and user groups are found as the seed has them", async () => {
  const { client } = await start();

  const { user } = await client.users.lookupByEmail({ email: people.alex.email });
  expect(user).toMatchObject({
    id: people.alex.slack,
    real_name: "Alex",
    profile: { email: people.alex.email },
  });
  expect(await code(client.users.lookupByEmail({ email: "nobody@example.com" }))).toBe("users_not_found");
  expect(await code(client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
  const { members } = await client.users.list({});
  expect(members!.map((one) => one.id)).toEqual([
    ...Object.values(people).map((one) => one.slack),
    slack.bot.user,
    "USLACKBOT",
  ]);
  const { usergroups } = await client.usergroups.list({ include_users: true });
  expect(usergroups!.map(({ handle, users }) => [handle, users])).toEqual([
    ["sre", ["U0ROBIN", "U0ALEX", "U0SASHA"]],
    ["sre-leads", ["U0ALEX"]],
  ]);
  expect((await client.usergroups.users.list({ usergroup: "S0LEADS" })).users).toEqual(["U0ALEX"]);
  expect((await client.team.info()).team).toMatchObject({ id: "T0CREDIT", domain: "credit-risk" });
});

test("a scheduled message is posted when its time has come", async () => {
  let now = Date.now();
  const { url, apiUrl } = await startWorkspace({ now: () => now });
  const client = webClient(apiUrl);
  const robin = person(url, people.robin.slack);
  const in90 = Math.floor(now / 1000) + 90;
  await client.chat.scheduleMessage({ channel: api, text: "Update due", post_at: in90 });
  const { scheduled_message_id } = await client.chat.scheduleMessage({
    channel: api,
    text: "Never",
    post_at: in90,
  });
  await client.chat.deleteScheduledMessage({ channel: api, scheduled_message_id: scheduled_message_id! });
  expect((await client.chat.scheduledMessages.list()).scheduled_messages).toHaveLength(1);
  expect(await code(client.chat.scheduleMessage({ channel: api, text: "x", post_at: in90 - 100 }))).toBe(
    "time_in_past",
  );
  expect(await robin.history(api)).toEqual([]);

  now += 91_000;
  await robin.waitForMessage(api, /Update due/);
  expect((await robin.history(api)).map(textOf)).toEqual(["Update due"]);
});

test("a permalink names the message, and its thread for a reply, on the page people use", async () => {
  const { client, robin, url } = await start();
  const parent = await robin.say(api, "one");
  const reply = await robin.say(api, "two", { thread: parent.ts });
  const base = `${url}/archives/C0API/p`;

  const link = await client.chat.getPermalink({ channel: api, message_ts: parent.ts });
  expect(link.permalink).toBe(base + parent.ts.replace(".", ""));
  const inThread = await client.chat.getPermalink({ channel: api, message_ts: reply.ts });
  expect(inThread.permalink).toBe(`${base}${reply.ts.replace(".", "")}?thread_ts=${parent.ts}&cid=C0API`);
  expect((await client.auth.test()).url).toBe(`${url}/`);
});

test("a reply needs a parent that exists and is no reply itself", async () => {
  const { client, robin } = await start();
  const parent = await robin.say(api, "one");
  const reply = await robin.say(api, "two", { thread: parent.ts });

  expect(await code(client.chat.postMessage({ channel: api, text: "x", thread_ts: "1.000001" }))).toBe(
    "thread_not_found",
  );
  expect(await code(client.chat.postMessage({ channel: api, text: "x", thread_ts: reply.ts }))).toBe(
    "cannot_reply_to_message",
  );
  await client.chat.postMessage({
    channel: api,
    text: "to all",
    thread_ts: parent.ts,
    reply_broadcast: true,
  });
  expect((await robin.history(api)).map(textOf)).toEqual(["one", "to all"]);
});
