import { webApi } from "@slack/bolt";
import { describe, expect, test } from "vitest";
import { people, slack as seed } from "../../../sandbox/seed.ts";
import { createDirectory } from "../../../src/adapters/slack/directory.ts";
import { completeManifest } from "../../../sandbox/slack/manifest.ts";
import { createSlackWorkspace } from "../../../sandbox/slack/workspace.ts";
import { listen } from "../../../sandbox/one-port.ts";
import {
  channels,
  logSink,
  newSlack,
  send,
  startAll,
  startDatabase,
  startWorkspace,
  textView,
} from "./setup.ts";

const { robin, alex } = people;

describe("who people are", () => {
  test("Slack says by name, address and user group", async () => {
    const { slack } = await startAll();

    expect(await slack.directory.displayName(robin.slack)).toBe("Robin");
    expect(await slack.directory.email(robin.slack)).toBe(robin.email);
    expect(await slack.directory.userByEmail(alex.email.toUpperCase())).toBe(alex.slack);
    expect(await slack.directory.userByEmail("nobody@example.com")).toBeNull();
    expect(await slack.directory.groupMembers("S0LEADS")).toEqual([alex.slack]);
  });

  test("a user group that does not exist is told from one that has nobody in it", async () => {
    const { slack } = await startAll();

    expect(await slack.directory.groupMembers("S0NONE")).toBeNull();
  });

  test("is asked once a minute, also by many at once; while Slack is away its last word holds", async () => {
    const office = await startWorkspace();
    const { log, lines } = logSink();
    let now = 0;
    let asked = 0;
    office.workspace.onRequest("users.lookupByEmail", "received", () => {
      asked += 1;
    });
    const client = new webApi.WebClient(seed.bot.token, {
      slackApiUrl: office.apiUrl,
      retryConfig: { retries: 0 },
    });
    const directory = createDirectory(client, log, () => now);

    await Promise.all([1, 2, 3].map(() => directory.userByEmail(alex.email)));
    now += 59_000;
    await directory.userByEmail(alex.email);
    expect(asked).toBe(1);
    now += 2000;
    await directory.userByEmail(alex.email);
    expect(asked).toBe(2);

    office.workspace.faults.set({ down: true });
    now += 120_000;
    expect(await directory.userByEmail(alex.email)).toEqual(alex.slack);
    expect(lines.join("")).toMatch(/what Slack said earlier is used/);
    await expect(directory.userByEmail(robin.email)).rejects.toMatchObject({
      name: "UserError",
      message: `Slack was asked for the person with the address ${robin.email} and did not say`,
    });
  });

  test("who was in a group is no matter of names: while Slack is away nobody is told", async () => {
    const { slack, workspace } = await startAll();
    expect(await slack.directory.groupMembers("S0LEADS")).toEqual([alex.slack]);
    workspace.faults.set({ down: true });

    await expect(slack.directory.groupMembers("S0LEADS")).rejects.toThrow(/no clear answer from Slack/);
  });

  test("a name once known is shown with what comes in", async () => {
    const office = await startAll();
    await office.slack.directory.displayName(robin.slack);
    await office.robin.command(channels.api, "/crai status");

    const [row] = await office.db.selectFrom("inbox").selectAll().execute();
    expect(row?.body).toMatchObject({ invocation: { actor: { name: "Robin" } } });
  });
});

describe("a message for the record", () => {
  test("is read with its author, in words and with a link", async () => {
    const { robin: client, slack } = await startAll();
    const { ts } = await client.say(
      channels.api,
      "<@U0ALEX> says 5 > 3, see <https://a.example/x|the graph>",
    );

    expect(await slack.chat.message(channels.api, ts)).toEqual({
      text: "@Alex says 5 > 3, see the graph (https://a.example/x)",
      author: robin.slack,
      authorName: "Robin",
      link: expect.stringMatching(`/archives/${channels.api}/p${ts.replace(".", "")}$`) as string,
    });
  });

  test("is found in a thread too; one that is gone is null", async () => {
    const { robin: client, slack } = await startAll();
    const root = await client.say(channels.api, "Root");
    await client.say(channels.api, "First", { thread: root.ts });
    const reply = await client.say(channels.api, "Second", { thread: root.ts });

    expect(await slack.chat.message(channels.api, reply.ts)).toMatchObject({ text: "Second" });
    expect(await slack.chat.message(channels.api, "1700000000.000001")).toBeNull();
    expect(await slack.chat.message("C0NOWHERE", reply.ts)).toBeNull();
  });

  test("of crai itself has crai as its author", async () => {
    const office = await startAll();
    await send(office, "m", { do: "post", channel: { id: channels.api }, view: textView("Rolled back") });
    const { ts } = await office.robin.waitForMessage(channels.api, /Rolled back/);

    expect(await office.slack.chat.message(channels.api, ts)).toMatchObject({
      text: "Rolled back",
      author: "U0CRAI",
    });
  });
});

describe("the check of the connection", () => {
  test("says who crai is, where and how", async () => {
    const { slack } = await startAll();

    expect(await slack.chat.check()).toMatch(/^crai in Credit Risk \(T0CREDIT\) by Socket Mode, since 20/);
  });

  test("names the scopes that are missing", async () => {
    const manifest = completeManifest({ oauth_config: { scopes: { bot: ["chat:write", "commands"] } } });
    const workspace = createSlackWorkspace({ manifest });
    const web = await listen(0);
    web.mount("/slack", workspace);
    const { slack } = newSlack({ db: await startDatabase(), apiUrl: `${web.origin}/slack/api/` });
    await slack.start();

    await expect(slack.chat.check()).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(
        /^The Slack app lacks scopes: app_mentions:read, .*users:read.email$/,
      ) as string,
    });
    await slack.stop();
    await web.close();
  });

  test("says so when Slack does not answer", async () => {
    const office = await startAll();
    office.workspace.faults.set({ down: true });

    await expect(office.slack.chat.check()).rejects.toMatchObject({
      name: "UserError",
      message: "Slack does not answer",
    });
  });
});
