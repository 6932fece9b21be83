// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import type { App } from "@slack/bolt";
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { person } from "../../support/person.ts";
import { textOf } from "../../support/slack-text.ts";
import { socketModeApp, startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

function plain(text: string) {
  return { type: "plain_text" as const, text };
}

function modal(title: string, blocks: object[] = [{ type: "section", text: plain(title) }]) {
  const view = {
    type: "modal",
    callback_id: title.toLowerCase(),
    title: plain(title),
    submit: plain("Go"),
    blocks,
  };
  return view as Parameters<App["client"]["views"]["open"]>[0]["view"];
}

function input(label: string, more: object = {}) {
  return {
    type: "input",
    block_id: label.toLowerCase(),
    label: plain(label),
    element: { type: "plain_text_input", action_id: "text" },
    ...more,
  };
}

function button(text: string, value = "") {
  return { type: "button", action_id: text.toLowerCase(), text: plain(text), value };
}

/** A workspace, an app that is running, and Robin. */
async function startStory(prepare: (app: App) => void) {
  const { url, apiUrl, workspace } = await startWorkspace();
  const app = socketModeApp(apiUrl);
  prepare(app);
  await app.start();
  return { url, workspace, client: webClient(apiUrl), robin: person(url, people.robin.slack) };
}

test("a press tells the app who, where, which message and which button; the answer replaces the message", async () => {
  const pressed: unknown[] = [];
  const { client, robin } = await startStory((app) => {
    app.action("confirm", async ({ ack, body, respond }) => {
      pressed.push(body);
      await ack();
      await respond({ replace_original: true, text: "Confirmed" });
    });
  });
  const { ts } = await client.chat.postMessage({
    channel: api,
    text: "Roll back?",
    blocks: [
      { type: "actions", block_id: "ask", elements: [button("Confirm", "run-7"), button("Other")] },
    ] as never,
  });

  const question = await robin.waitForMessage(api, /\[Confirm\] \[Other\]/);
  await robin.press(question, "Confirm");

  expect(pressed).toMatchObject([
    {
      type: "block_actions",
      user: { id: people.robin.slack, name: "robin" },
      channel: { id: api, name: "team-api" },
      container: { type: "message", message_ts: ts, channel_id: api, is_ephemeral: false },
      message: { ts, text: "Roll back?", user: slack.bot.user },
      actions: [{ type: "button", action_id: "confirm", block_id: "ask", value: "run-7" }],
    },
  ]);
  const answered = await robin.waitForMessage(api, /^Confirmed$/);
  expect(answered.ts).toBe(ts);
  await expect(robin.press(question, "Confirm")).rejects.toThrow("Nothing called");
});

test("a choice in a select carries the chosen option, and the state of the message", async () => {
  const chosen: unknown[] = [];
  const { client, robin } = await startStory((app) => {
    app.action("target", async ({ ack, action, body }) => {
      chosen.push(action, "state" in body ? body.state : null);
      await ack();
    });
  });
  const options = ["v1.1.9", "v1.1.8"].map((tag) => ({ text: plain(tag), value: tag }));
  await client.chat.postMessage({
    channel: api,
    text: "Which?",
    blocks: [
      {
        type: "actions",
        block_id: "pick",
        elements: [{ type: "static_select", action_id: "target", placeholder: plain("Revision"), options }],
      },
    ] as never,
  });

  await robin.choose(await robin.waitForMessage(api, /Revision v/), "Revision", "v1.1.8");

  const selected = { selected_option: { value: "v1.1.8" } };
  expect(chosen).toMatchObject([
    { type: "static_select", ...selected },
    { values: { pick: { target: {} } } },
  ]);
});

test("an ephemeral question is its addressee's alone, and goes away when the app says so", async () => {
  const { client, robin, url } = await startStory((app) => {
    app.action("dismiss", async ({ ack, body, respond }) => {
      await ack();
      expect(body).not.toHaveProperty("message");
      await respond({ delete_original: true });
    });
  });
  const alex = person(url, people.alex.slack);
  await client.chat.postEphemeral({
    channel: api,
    user: people.robin.slack,
    text: "Only you",
    blocks: [{ type: "actions", elements: [button("Dismiss")] }] as never,
  });

  const asked = await robin.waitForMessage(api, /\[Dismiss\]/);
  expect(asked.is_ephemeral).toBe(true);
  expect(await alex.history(api)).toEqual([]);
  const { messages } = await client.conversations.history({ channel: api });
  expect(messages).toEqual([]);
  await expect(alex.press(asked, "Dismiss")).rejects.toThrow("no longer sees");

  await robin.press(asked, "Dismiss");
  await expect.poll(() => robin.ephemerals(api)).toEqual([]);
});

test("a modal complains under its inputs, is updated, gets a second one on top, and is cleared", async () => {
  const { robin } = await startStory((app) => {
    app.command("/crai", async ({ ack, body, client }) => {
      await ack();
      await client.views.open({ trigger_id: body.trigger_id, view: modal("First", [input("Reason")]) });
    });
    app.view("first", async ({ ack, view }) => {
      const reason = view.state.values["reason"]?.["text"]?.value;
      if (reason === "no") await ack({ response_action: "errors", errors: { reason: "Say more." } });
      else await ack({ response_action: "update", view: modal("Second") });
    });
    app.view("second", ({ ack }) => ack({ response_action: "push", view: modal("Third") }));
    app.view("third", ({ ack }) => ack({ response_action: "clear" }));
  });
  await robin.command(api, "/crai");
  const first = await robin.waitForView(/^First/);

  expect(await robin.fill(first, {})).toEqual({
    outcome: "errors",
    errors: { reason: "Please complete this required field." },
  });
  expect(await robin.fill(first, { Reason: "no" })).toEqual({
    outcome: "errors",
    errors: { reason: "Say more." },
  });
  expect(await robin.fill(first, { Reason: "it burns" })).toMatchObject({ outcome: "updated" });
  const second = await robin.waitForView(/^Second/);
  expect(second.id).toBe(first.id);
  expect(await robin.fill(second, {})).toMatchObject({ outcome: "pushed" });
  const third = await robin.waitForView(/^Third/);
  expect(third).toMatchObject({ previous_view_id: first.id, root_view_id: first.id });
  expect(await robin.fill(third, {})).toEqual({ outcome: "cleared" });
  expect(await robin.views()).toEqual([]);
});

test("closing a modal with the X tells the app, if the modal asked for it", async () => {
  const closed: unknown[] = [];
  const { robin } = await startStory((app) => {
    app.command("/crai", async ({ ack, body, client }) => {
      await ack();
      const view = { ...modal("Plan"), notify_on_close: true };
      await client.views.open({ trigger_id: body.trigger_id, view: view as never });
    });
    app.view({ callback_id: "plan", type: "view_closed" }, async ({ ack, body }) => {
      closed.push(body);
      await ack();
    });
  });
  await robin.command(api, "/crai");

  await robin.closeView(await robin.waitForView(/^Plan/), { all: true });

  expect(closed).toMatchObject([{ type: "view_closed", is_cleared: true, view: { callback_id: "plan" } }]);
  expect(await robin.views()).toEqual([]);
});

test("a trigger opens one modal, for three seconds", async () => {
  let now = Date.now();
  const { url, apiUrl } = await startWorkspace({ now: () => now });
  const app = socketModeApp(apiUrl);
  const triggers: string[] = [];
  app.command("/crai", async ({ ack, body }) => {
    triggers.push(body.trigger_id);
    await ack();
  });
  await app.start();
  const robin = person(url, people.robin.slack);
  const client = webClient(apiUrl);
  await robin.command(api, "/crai a");
  await robin.command(api, "/crai b");

  await client.views.open({ trigger_id: triggers[0]!, view: modal("Plan") });
  await expect(client.views.open({ trigger_id: triggers[0]!, view: modal("Plan") })).rejects.toThrow(
    "exchanged_trigger_id",
  );
  now += 3000;
  await expect(client.views.open({ trigger_id: triggers[1]!, view: modal("Plan") })).rejects.toThrow(
    "expired_trigger_id",
  );
  await expect(client.views.open({ trigger_id: "1.2.3", view: modal("Plan") })).rejects.toThrow(
    "invalid_trigger_id",
  );
});

test("a fourth modal on top of three is refused; an update with a stale hash too", async () => {
  const { robin, client } = await startStory((app) => {
    app.command("/crai", async ({ ack, body, client }) => {
      await ack();
      await client.views.open({
        trigger_id: body.trigger_id,
        view: modal("Floor 1", [{ type: "actions", elements: [button("More")] }]),
      });
    });
    app.action("more", async ({ ack, body, client }) => {
      await ack();
      const trigger_id = "trigger_id" in body ? body.trigger_id : "";
      const { length } = await robin.views();
      await client.views
        .push({
          trigger_id,
          view: modal(`Floor ${length + 1}`, [{ type: "actions", elements: [button("More")] }]),
        })
        .catch((error: Error) => client.chat.postMessage({ channel: api, text: error.message }));
    });
  });
  await robin.command(api, "/crai");
  for (const floor of [1, 2, 3])
    await robin.press(await robin.waitForView(new RegExp(`^Floor ${floor}`)), "More");

  await robin.waitForMessage(api, /push_limit_reached/);
  const [, , top] = await robin.views();
  await client.views.update({ view_id: top!.id, hash: top!.hash, view: modal("Changed") });
  await expect(
    client.views.update({ view_id: top!.id, hash: top!.hash, view: modal("Late") }),
  ).rejects.toThrow("hash_conflict");
  await robin.waitForView(/^Changed/);
});

test("a message shortcut hands the app the message; a global one a trigger", async () => {
  const used: unknown[] = [];
  const { robin } = await startStory((app) => {
    app.shortcut("note_message", async ({ ack, shortcut, respond }) => {
      used.push(shortcut);
      await ack();
      if (shortcut.type === "message_action") await respond({ text: "Noted", replace_original: true });
    });
    app.shortcut("declare", async ({ ack, shortcut }) => {
      used.push(shortcut);
      await ack();
    });
  });
  const message = await robin.say(api, "db is at 100 % CPU");

  await robin.shortcut("Add to timeline", message);
  await robin.shortcut("Declare an incident");

  // It cannot replace what a person wrote: the answer is a message of its own.
  await robin.waitForMessage(api, /^Noted$/);
  expect((await robin.history(api)).map(textOf)).toEqual(["db is at 100 % CPU", "Noted"]);
  expect(used).toMatchObject([
    { type: "message_action", callback_id: "note_message", message: { ts: message.ts, text: message.text } },
    { type: "shortcut", callback_id: "declare", user: { id: people.robin.slack } },
  ]);
});

test("opening the App Home tells the app, and what it publishes shows", async () => {
  const { robin } = await startStory((app) => {
    app.event("app_home_opened", async ({ event, client }) => {
      const view = {
        type: "home" as const,
        blocks: [{ type: "header" as const, text: plain("Open incidents: 0") }],
      };
      await client.views.publish({ user_id: event.user, view });
    });
  });

  expect(await robin.home()).toBeNull();
  const pushed = await robin.waitForEvent("home_published");
  expect(textOf(pushed.view)).toBe("Open incidents: 0");
});

test("a response URL answers to the channel or to one person, five times within half an hour", async () => {
  let now = Date.now();
  const { url, apiUrl } = await startWorkspace({ now: () => now });
  const app = socketModeApp(apiUrl);
  const urls: string[] = [];
  app.command("/crai", async ({ ack, body }) => {
    urls.push(body.response_url);
    await ack();
  });
  await app.start();
  const robin = person(url, people.robin.slack);
  const alex = person(url, people.alex.slack);
  // #general is a channel the app is not in: a response URL works there all the same.
  await robin.command("C0GENERAL", "/crai one");
  await robin.command("C0GENERAL", "/crai two");

  function respond(to: string, body: object): Promise<Response> {
    const headers = { "content-type": "application/json" };
    return fetch(to, { method: "POST", headers, body: JSON.stringify(body) });
  }
  await respond(urls[0]!, { text: "for you" });
  await respond(urls[0]!, { text: "for all", response_type: "in_channel" });
  expect((await robin.history("C0GENERAL")).map(textOf)).toEqual(["for you", "for all"]);
  expect((await alex.history("C0GENERAL")).map(textOf)).toEqual(["for all"]);
  const refused = await respond(urls[0]!, { text: "x", blocks: [{ type: "nonsense" }] });
  expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([
    400,
    "invalid_blocks",
  ]);
  for (const text of ["4", "5"]) expect((await respond(urls[0]!, { text })).status).toBe(200);
  const sixth = await respond(urls[0]!, { text: "6" });
  expect([sixth.status, ((await sixth.json()) as { error: string }).error]).toEqual([404, "used_url"]);

  now += 30 * 60_000;
  const late = await respond(urls[1]!, { text: "late" });
  expect([late.status, ((await late.json()) as { error: string }).error]).toEqual([404, "expired_url"]);
});
