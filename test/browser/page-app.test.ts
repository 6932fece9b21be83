import { describe, expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { button, composer, executable, incidents, message, postCard, say, soon, useDesk } from "./desk.ts";

const desk = useDesk();

describe.skipIf(executable === undefined)("the page and the app behind it (skipped: no chromium)", () => {
  test("runs a slash command, with a hint of what can follow, and shows the answer to its author only", async () => {
    const { url } = await desk.start({
      app: (app) => {
        app.command("/crai", async ({ ack, command, respond }) => {
          await ack();
          await respond(`You asked for ${command.text}`);
        });
      },
    });
    const robin = await desk.open(url);
    const alex = await desk.open(url, { path: `/?as=${people.alex.slack}` });

    await composer(robin).fill("/cr");
    const hint = robin.getByRole("option", { name: /\/crai rollback api/ });
    await hint.waitFor();
    await composer(robin).press("Tab");
    expect(await composer(robin).inputValue()).toBe("/crai ");
    await composer(robin).pressSequentially("rollback api");
    await composer(robin).press("Enter");

    const answer = message(robin, "You asked for rollback api");
    await answer.waitFor();
    expect(await answer.innerText()).toContain("Only visible to you");
    await say(robin, "done");
    await message(alex, "done").waitFor();
    expect(await alex.getByText("You asked for").count()).toBe(0);
  });

  test("says what Slack says when no app takes the command", async () => {
    const { url } = await desk.start();
    const robin = await desk.open(url);
    await say(robin, "/crai rollback api");
    await expect
      .poll(() => message(robin, "failed with").innerText(), soon)
      .toMatch(/dispatch_failed|operation_timeout/);
  });

  test("presses a button only after its confirm dialog, and shows the edited card", async () => {
    const { url, app } = await desk.start({
      app: (listeners) => {
        listeners.action("roll-back", async ({ ack, body, client }) => {
          await ack();
          const { channel, message: card } = body as { channel: { id: string }; message: { ts: string } };
          const text = `Rolled back by ${body.user.id}`;
          // Without a list of blocks Slack would keep the old ones.
          await client.chat.update({ channel: channel.id, ts: card.ts, text, blocks: [] });
        });
      },
    });
    const confirm = {
      title: { type: "plain_text", text: "Roll back api?" },
      text: { type: "mrkdwn", text: "3 pods restart with *your* rights." },
      confirm: { type: "plain_text", text: "Roll back" },
      deny: { type: "plain_text", text: "Not yet" },
    };
    await postCard(app, [
      { type: "header", text: { type: "plain_text", text: ":rotating_light: #412 api" } },
      { type: "actions", elements: [button("roll-back", "Confirm", { style: "primary", confirm })] },
    ]);
    const robin = await desk.open(url);
    const card = robin
      .getByRole("article")
      .filter({ has: robin.getByRole("heading", { name: "🚨 #412 api" }) });

    await card.getByRole("button", { name: "Confirm" }).click();
    const question = robin.getByRole("dialog", { name: "Roll back api?" });
    await question.getByRole("button", { name: "Not yet" }).click();
    await question.waitFor({ state: "detached" });
    expect(await card.count()).toBe(1);

    await card.getByRole("button", { name: "Confirm" }).click();
    await question.getByRole("button", { name: "Roll back" }).click();
    await expect.poll(() => message(robin, "Rolled back by U0ROBIN").innerText(), soon).toContain("(edited)");
  });

  test("says beside the button when the app does not answer it", async () => {
    const { url, app } = await desk.start({ app: () => undefined });
    await postCard(app, [{ type: "actions", elements: [button("nobody-listens", "See the plan")] }]);
    const robin = await desk.open(url);
    await robin.getByRole("button", { name: "See the plan" }).click();
    await expect
      .poll(() => message(robin, "See the plan").getByRole("alert").innerText(), soon)
      .toMatch(/\w/);
  });

  test("keeps a modal open with what is wrong under its inputs, and closes it when they are right", async () => {
    const submitted: unknown[] = [];
    const { url } = await desk.start({
      app: (app) => {
        app.command("/crai", async ({ ack, client, body }) => {
          await ack();
          await client.views.open({ trigger_id: body.trigger_id, view: declareView });
        });
        app.view("declare", async ({ ack, view }) => {
          const title = view.state.values["title"]?.["text"]?.value;
          if (title === "taken") {
            await ack({ response_action: "errors", errors: { title: "#411 has this title already." } });
            return;
          }
          submitted.push(view.state.values);
          await ack();
        });
      },
    });
    const robin = await desk.open(url);
    await say(robin, "/crai declare");

    const modal = robin.getByRole("dialog", { name: "Declare an incident" });
    await modal.waitFor();
    const declare = modal.getByRole("button", { name: "Declare" });
    await declare.click();
    await modal.getByRole("alert").filter({ hasText: "Please complete this required field." }).waitFor();
    await modal.getByLabel("Title").fill("taken");
    await declare.click();
    await modal.getByRole("alert").filter({ hasText: "#411 has this title already." }).waitFor();
    await modal.getByLabel("Title").fill("api answers 500");
    await modal.getByLabel("Severity").selectOption({ label: "sev1" });
    await modal.getByLabel("Title").press("Enter");
    await modal.waitFor({ state: "detached" });

    expect(submitted).toEqual([
      {
        title: { text: { type: "plain_text_input", value: "api answers 500" } },
        severity: {
          choice: expect.objectContaining({ selected_option: expect.objectContaining({ value: "1" }) }),
        },
      },
    ]);
  });

  test("keeps the focus inside a modal and gives it back when Esc closes it", async () => {
    const closed: string[] = [];
    const { url } = await desk.start({
      app: (app) => {
        app.command("/crai", async ({ ack, client, body }) => {
          await ack();
          await client.views.open({
            trigger_id: body.trigger_id,
            view: { ...declareView, notify_on_close: true },
          });
        });
        app.view({ type: "view_closed", callback_id: "declare" }, async ({ ack, body }) => {
          closed.push(body.user.id);
          await ack();
        });
      },
    });
    const robin = await desk.open(url);
    await say(robin, "/crai declare");
    const modal = robin.getByRole("dialog");
    await modal.waitFor();
    const fieldsAndButtons = 5;
    for (let press = 0; press < 2 * fieldsAndButtons; press += 1) {
      await robin.keyboard.press("Tab");
      const outside = await robin.evaluate(
        () => document.activeElement !== document.body && !document.activeElement?.closest("dialog"),
      );
      expect(outside).toBe(false);
    }
    await robin.keyboard.press("Escape");
    await modal.waitFor({ state: "detached" });
    await expect.poll(() => closed, soon).toEqual([people.robin.slack]);
  });

  test("shows an exported file as Markdown, without losing a second of its times, and downloads it", async () => {
    const { url, app } = await desk.start({ app: () => undefined });
    await app.client.filesUploadV2({
      channel_id: incidents,
      filename: "post-mortem-0412.md",
      title: "Post-mortem of #412",
      content:
        "# Times\n\n| Detected |\n|---|\n| 12:00:04 |\n\n<script>alert(1)</script> [x](javascript:alert(1))",
    });
    const robin = await desk.open(url);
    const card = message(robin, "Post-mortem of #412");
    await card.getByRole("button", { name: "Open" }).click();
    const dialog = robin.getByRole("dialog", { name: "Post-mortem of #412" });
    await dialog.getByRole("cell", { name: "12:00:04" }).waitFor();
    expect(await dialog.locator("script").count()).toBe(0);
    expect(await dialog.locator("a[href^='javascript:']").count()).toBe(0);
    await robin.keyboard.press("Escape");

    const download = robin.waitForEvent("download");
    await card.getByRole("link", { name: "Download post-mortem-0412.md" }).click();
    expect((await download).suggestedFilename()).toBe("post-mortem-0412.md");
  });

  test("shows text of the app as text: no forged mention, link or emoji", async () => {
    const { url, app } = await desk.start({ app: () => undefined });
    const text =
      "at 12:00:04 &lt;!channel&gt; [click](https://evil.example) <javascript:alert(1)|here> `a*b` *c*";
    await postCard(app, [{ type: "section", text: { type: "mrkdwn", text } }]);
    const robin = await desk.open(url);
    const shown = message(robin, "12:00:04");
    await expect
      .poll(() => shown.innerText(), soon)
      .toContain("at 12:00:04 <!channel> [click](https://evil.example) here a*b c");
    expect(await shown.locator(".mention").count()).toBe(0);
    expect(await shown.locator("a[href^='javascript:']").count()).toBe(0);
  });

  test("shows the app's Home tab and lets its buttons be pressed", async () => {
    const pressed: string[] = [];
    const { url } = await desk.start({
      app: (app) => {
        app.event("app_home_opened", async ({ client, event }) => {
          await client.views.publish({
            user_id: event.user,
            view: {
              type: "home",
              blocks: [
                { type: "actions", block_id: "do", elements: [button("who", "What may I do?")] as never },
              ],
            },
          });
        });
        app.action("who", async ({ ack, body }) => {
          await ack();
          pressed.push(body.user.id);
        });
      },
    });
    const robin = await desk.open(url);
    await robin
      .getByRole("navigation", { name: "Channels and apps" })
      .getByRole("button", { name: "crai" })
      .last()
      .click();
    await robin.getByRole("button", { name: "What may I do?" }).click();
    await expect.poll(() => pressed, soon).toEqual([people.robin.slack]);
  });
});

const declareView = {
  type: "modal" as const,
  callback_id: "declare",
  title: { type: "plain_text" as const, text: "Declare an incident" },
  submit: { type: "plain_text" as const, text: "Declare" },
  close: { type: "plain_text" as const, text: "Cancel" },
  blocks: [
    {
      type: "input" as const,
      block_id: "title",
      label: { type: "plain_text" as const, text: "Title" },
      element: { type: "plain_text_input" as const, action_id: "text" },
    },
    {
      type: "input" as const,
      block_id: "severity",
      label: { type: "plain_text" as const, text: "Severity" },
      element: {
        type: "static_select" as const,
        action_id: "choice",
        initial_option: { text: { type: "plain_text" as const, text: "sev2" }, value: "2" },
        options: [
          { text: { type: "plain_text" as const, text: "sev1" }, value: "1" },
          { text: { type: "plain_text" as const, text: "sev2" }, value: "2" },
        ],
      },
    },
  ],
};
