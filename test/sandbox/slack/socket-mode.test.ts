// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { person } from "../../support/person.ts";
import { textOf } from "../../support/slack-text.ts";
import { socketModeApp, startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

test("a command becomes a modal, a channel, a message that is edited, an answer and a file, all through Bolt", async () => {
  const { url, apiUrl } = await startWorkspace();
  const app = socketModeApp(apiUrl);
  app.command("/crai", async ({ ack, body, client, command }) => {
    await ack();
    expect(command.text).toBe("declare api is down");
    await client.views.open({
      trigger_id: body.trigger_id,
      view: {
        type: "modal",
        callback_id: "declare",
        private_metadata: body.response_url,
        title: { type: "plain_text", text: "Declare" },
        submit: { type: "plain_text", text: "Open" },
        blocks: [
          {
            type: "input",
            block_id: "what",
            label: { type: "plain_text", text: "What is wrong?" },
            element: { type: "plain_text_input", action_id: "text", initial_value: "api" },
          },
        ],
      },
    });
  });
  app.view("declare", async ({ ack, view, body, client }) => {
    await ack();
    const what = view.state.values["what"]?.["text"]?.value;
    const { channel } = await client.conversations.create({ name: "inc-0001-api" });
    await client.conversations.invite({ channel: channel!.id!, users: body.user.id });
    const card = await client.chat.postMessage({ channel: channel!.id!, text: `Opening: ${what}` });
    await client.chat.update({ channel: channel!.id!, ts: card.ts!, text: `Open: ${what}` });
    await client.pins.add({ channel: channel!.id!, timestamp: card.ts! });
    await client.filesUploadV2({
      channel_id: channel!.id!,
      filename: "plan.md",
      content: "# Plan",
      title: "The plan",
    });
    await fetch(view.private_metadata, {
      method: "POST",
      body: JSON.stringify({ text: "Opened #inc-0001-api" }),
      headers: { "content-type": "application/json" },
    });
  });
  await app.start();

  const robin = person(url, people.robin.slack);
  expect(await robin.command(api, "/crai declare api is down")).toEqual({ outcome: "delivered" });
  const modal = await robin.waitForView(/What is wrong/);
  expect(modal.state.values["what"]?.["text"]?.value).toBe("api");
  expect(await robin.fill(modal, { "What is wrong?": "api answers 500" })).toEqual({ outcome: "closed" });

  await robin.waitForMessage(api, /Opened #inc-0001-api/);
  const channel = await robin.waitForChannel(/^inc-0001-api$/);
  const card = await robin.waitForMessage(channel.id, /^Open: api answers 500$/);
  expect(card.edited?.user).toBe(slack.bot.user);
  expect((await robin.pins(channel.id)).map(textOf)).toEqual(["Open: api answers 500"]);
  const shared = await robin.waitForMessage(channel.id, /file: The plan/);
  const bytes = await fetch(url + shared.files![0]!.url_private);
  expect(await bytes.text()).toBe("# Plan");

  const alex = person(url, people.alex.slack);
  expect(await alex.ephemerals(api)).toEqual([]);
});

test("a planned disconnect is survived: the app comes back by itself and the next command reaches it", async () => {
  const { workspace, url, apiUrl } = await startWorkspace();
  const app = socketModeApp(apiUrl, 1000);
  app.command("/crai", ({ ack }) => ack("still here"));
  await app.start();
  const robin = person(url, people.robin.slack);
  await robin.waitForEvent("hello");

  workspace.refreshConnections();
  expect(await robin.command(api, "/crai status")).toMatchObject({ outcome: "dispatch_failed" });

  await expect.poll(() => workspace.connections(), { timeout: 10_000 }).toBe(1);
  expect(await robin.command(api, "/crai status")).toEqual({ outcome: "delivered" });
  await robin.waitForMessage(api, /still here/);
  const heard = robin.events.filter((event) => event.type === "app_reachable");
  expect(heard.map((event) => event.reachable)).toEqual([false, true]);
});

test("a cut wire is survived too", async () => {
  const { workspace, url, apiUrl } = await startWorkspace();
  const app = socketModeApp(apiUrl, 1000);
  app.command("/crai", ({ ack }) => ack());
  await app.start();

  workspace.faults.set({ dropSocket: true });
  await expect.poll(() => workspace.connections()).toBe(0);
  workspace.faults.clear();

  await expect.poll(() => workspace.connections(), { timeout: 10_000 }).toBe(1);
  // Stopped before it has heard the greeting, Slack's client leaves a rejection that nobody handles.
  expect(await person(url, people.robin.slack).command(api, "/crai status")).toEqual({
    outcome: "delivered",
  });
});

/** A Socket Mode connection in the test's own hands. */
async function rawConnection(apiUrl: string) {
  const { url } = await webClient(apiUrl, slack.bot.appToken).apps.connections.open();
  const socket = new WebSocket(url!);
  const frames: Record<string, unknown>[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
  await expect.poll(() => frames[0]?.["type"]).toBe("hello");
  return {
    frames,
    envelopes: () => frames.slice(1),
    ack: (envelope: Record<string, unknown>) =>
      socket.send(JSON.stringify({ envelope_id: envelope["envelope_id"] })),
    close: () => socket.close(),
  };
}

function eventIds(envelopes: Record<string, unknown>[]): unknown[] {
  return envelopes.map((envelope) => (envelope["payload"] as { event_id: string }).event_id);
}

test("an event goes to one of several connections", async () => {
  const { url, apiUrl } = await startWorkspace();
  const both = [await rawConnection(apiUrl), await rawConnection(apiUrl)];
  expect(both[1]!.frames[0]).toMatchObject({
    num_connections: 2,
    connection_info: { app_id: slack.bot.appId },
  });
  const robin = person(url, people.robin.slack);

  for (const text of ["one", "two", "three", "four"]) await robin.say(api, text);

  await expect.poll(() => both.flatMap(({ envelopes }) => envelopes()).length).toBe(4);
  expect(both.map(({ envelopes }) => envelopes().length)).toEqual([2, 2]);
  for (const connection of both) connection.close();
});

test("an event that is not acknowledged comes again, as the same event, until it is", async () => {
  const { url, apiUrl } = await startWorkspace({ timings: { ackMs: 60, eventRetriesMs: [0, 20, 30] } });
  const connection = await rawConnection(apiUrl);
  await person(url, people.robin.slack).say(api, "does anybody hear me?");

  await expect.poll(() => connection.envelopes().length).toBeGreaterThan(1);
  const [first, second] = connection.envelopes();
  connection.ack(connection.envelopes().at(-1)!);
  expect(first).toMatchObject({ type: "events_api", retry_attempt: 0, accepts_response_payload: false });
  expect(second).toMatchObject({ type: "events_api", retry_attempt: 1, retry_reason: "http_timeout" });
  expect(new Set(eventIds(connection.envelopes())).size).toBe(1);
  connection.close();
});

test("an event nobody acknowledges is given up after three retries", async () => {
  const { url, apiUrl } = await startWorkspace({ timings: { ackMs: 20, eventRetriesMs: [0, 5, 5] } });
  const connection = await rawConnection(apiUrl);
  const robin = person(url, people.robin.slack);
  await robin.say(api, "first");
  await expect.poll(() => connection.envelopes().length).toBe(4);

  // Whatever comes now belongs to the second message: the first has used up its retries.
  await robin.say(api, "second");
  await expect.poll(() => connection.envelopes().length).toBe(8);
  const ids = eventIds(connection.envelopes());
  expect(ids.slice(0, 4)).toEqual(Array(4).fill(ids[0]));
  expect(ids.slice(4)).toEqual(Array(4).fill(ids[4]));
  connection.close();
});

test("a mention reaches the app only where the app is a member", async () => {
  const { url, apiUrl } = await startWorkspace();
  const connection = await rawConnection(apiUrl);
  const robin = person(url, people.robin.slack);
  const heard = () =>
    connection
      .envelopes()
      .map((envelope) => (envelope["payload"] as { event: { type: string; text: string } }).event)
      .filter((event) => event.type === "app_mention")
      .map((event) => event.text);

  await robin.say("C0GENERAL", "@crai are you there?");
  await webClient(apiUrl).conversations.join({ channel: "C0GENERAL" });
  await robin.say("C0GENERAL", "@crai and now?");

  await expect.poll(heard).toEqual(["<@U0CRAI> and now?"]);
  connection.close();
});

test("a command is offered once: without an acknowledgment in time the person reads operation_timeout", async () => {
  const { url, apiUrl } = await startWorkspace({ timings: { ackMs: 80 } });
  const connection = await rawConnection(apiUrl);
  const robin = person(url, people.robin.slack);

  expect(await robin.command(api, "/crai rollback api")).toMatchObject({ outcome: "operation_timeout" });

  const [said] = await robin.ephemerals(api);
  expect(said).toMatchObject({ user: "USLACKBOT", text: '/crai failed with the error "operation_timeout"' });
  expect(connection.envelopes().map((envelope) => envelope["type"])).toEqual(["slash_commands"]);
  connection.close();
});

test("with no app connected the person reads dispatch_failed", async () => {
  const { url } = await startWorkspace();
  const robin = person(url, people.robin.slack);

  expect(await robin.command(api, "/crai status")).toEqual({
    outcome: "dispatch_failed",
    message: '/crai failed with the error "dispatch_failed"',
  });
});

test("an unknown command, and a known one in a thread, never reach the app", async () => {
  const { url, apiUrl } = await startWorkspace();
  const connection = await rawConnection(apiUrl);
  const robin = person(url, people.robin.slack);
  const parent = await robin.say(api, "is api down?");

  expect(await robin.command(api, "/rollback api")).toMatchObject({ outcome: "unknown_command" });
  expect(await robin.command(api, "/crai status", { thread: parent.ts })).toMatchObject({
    outcome: "not_in_threads",
  });

  const told = (await robin.thread(api, parent.ts)).map(textOf);
  expect(told).toEqual(["is api down?", "`/crai` is not supported in threads. Sorry!"]);
  expect((await robin.ephemerals(api)).map(textOf).join()).toContain("`/rollback` is not a valid command");
  expect(connection.envelopes().map((envelope) => envelope["type"])).toEqual(["events_api"]);
  connection.close();
});

test("a connection needs the app-level token, and its address works once", async () => {
  const { apiUrl } = await startWorkspace();
  await expect(webClient(apiUrl).apps.connections.open()).rejects.toThrow("not_allowed_token_type");

  const { url } = await webClient(apiUrl, slack.bot.appToken).apps.connections.open();
  const first = new WebSocket(url!);
  await once(first, "open");
  const second = new WebSocket(url!);
  await once(second, "error");
  first.close();
});

function once(socket: WebSocket, type: "open" | "error"): Promise<unknown> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}
