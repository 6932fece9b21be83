// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { person } from "../../support/person.ts";
import { textOf } from "../../support/slack-text.ts";
import { socketModeApp, startWorkspace } from "./setup.ts";

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
