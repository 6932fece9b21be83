import { describe, expect, onTestFinished, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { person } from "../support/person.ts";
import { composer, executable, incidents, message, say, soon, useDesk } from "./desk.ts";

const desk = useDesk();

describe.skipIf(executable === undefined)("the workspace's page (skipped: no chromium)", () => {
  test("sends what a person types, to everybody else at once", async () => {
    const { url } = await desk.start();
    const robin = await desk.open(url);
    const alex = await desk.open(url, { path: `/archives/${incidents}?as=${people.alex.slack}` });

    await say(robin, "Looking at *api* now, <b>5xx</b> & more @alex :eyes:");

    const seen = message(alex, "Looking at api now");
    await seen.waitFor();
    await expect
      .poll(() => seen.innerText(), soon)
      .toContain("Looking at api now, <b>5xx</b> & more @Alex 👀");
    expect(await seen.locator("strong", { hasText: /^api$/ }).count()).toBe(1);
    expect(await composer(robin).inputValue()).toBe("");
  });

  test("switches between people by the menu, each with their own channels", async () => {
    const { url, app } = await desk.start({ app: () => undefined });
    const { channel } = await app.client.conversations.create({
      name: "inc-0413-token-leak",
      is_private: true,
    });
    await app.client.conversations.invite({ channel: channel!.id!, users: people.robin.slack });
    const page = await desk.open(url);
    const secret = page.getByRole("button", { name: /inc-0413-token-leak, private/ });
    await secret.waitFor();

    await page.getByRole("button", { name: /You are Robin/ }).click();
    await page.getByRole("menuitem", { name: /Noor/ }).click();
    await page.getByRole("button", { name: /You are Noor/ }).waitFor();
    expect(new URL(page.url()).searchParams.get("as")).toBe(people.noor.slack);
    await page.getByRole("button", { name: "general" }).waitFor();
    expect(await secret.count()).toBe(0);
    // Neither does the address of the channel show it.
    await page.goto(`${url}/archives/${channel!.id!}?as=${people.noor.slack}`);
    await page.getByText("There is no such channel, or you cannot see it.").waitFor();

    await page.goBack();
    await page.goBack();
    await secret.waitFor();
  });

  test("answers in a thread beside the channel, and shows the replies to others", async () => {
    const { url } = await desk.start();
    const robin = await desk.open(url);
    const alex = await desk.open(url, { path: `/?as=${people.alex.slack}` });
    await say(robin, "Is the rollback safe?");

    await message(alex, "Is the rollback safe?").hover();
    await message(alex, "Is the rollback safe?").getByRole("button", { name: "Reply in thread" }).click();
    const thread = alex.getByRole("complementary", { name: "Thread" });
    await thread.getByRole("combobox", { name: "Reply…" }).fill("Yes, nothing but the image changes.");
    await thread.getByRole("combobox", { name: "Reply…" }).press("Enter");
    await thread.getByRole("article").filter({ hasText: "nothing but the image" }).waitFor();

    await robin.getByRole("button", { name: /1 reply/ }).click();
    await robin
      .getByRole("complementary", { name: "Thread" })
      .getByRole("article")
      .filter({ hasText: "nothing but the image" })
      .waitFor();
    expect(await robin.getByRole("log", { name: "Messages in #incidents" }).innerText()).not.toContain(
      "nothing but the image",
    );
  });

  test("reacts, pins and runs a message shortcut from the toolbar over a message", async () => {
    const noted: string[] = [];
    const { url } = await desk.start({
      app: (app) => {
        app.shortcut("note_message", async ({ ack, shortcut }) => {
          await ack();
          noted.push((shortcut as { message: { text: string } }).message.text);
        });
      },
    });
    const robin = await desk.open(url);
    await say(robin, "The database is fine");
    const fine = message(robin, "The database is fine");
    await fine.hover();

    await fine.getByRole("button", { name: "React with pushpin" }).click();
    await fine.getByRole("button", { name: "pushpin, 1" }).waitFor();

    await fine.getByRole("button", { name: "More actions" }).click();
    await fine.getByRole("menuitem", { name: /Add to timeline/ }).click();
    await expect.poll(() => noted, soon).toEqual(["The database is fine"]);

    await fine.getByRole("button", { name: "More actions" }).click();
    await fine.getByRole("menuitem", { name: "Pin to channel" }).click();
    await fine.getByText("Pinned", { exact: true }).waitFor();
    await robin.getByRole("button", { name: "Pinned items" }).click();
    await robin.getByRole("dialog", { name: "Pinned items" }).getByText("The database is fine").waitFor();
  });

  test("shows a new incident channel without a reload, bold until it is read", async () => {
    const { url } = await desk.start({
      app: (app) => {
        app.command("/crai", async ({ ack, client }) => {
          await ack();
          const { channel } = await client.conversations.create({ name: "inc-0414-api" });
          await client.conversations.invite({ channel: channel!.id!, users: people.robin.slack });
          await client.apiCall("chat.postMessage", { channel: channel!.id!, text: "api is burning" });
        });
      },
    });
    const robin = await desk.open(url);
    await say(robin, "/crai declare");
    const link = robin.getByRole("button", { name: "inc-0414-api, unread" });
    await link.click();
    await message(robin, "api is burning").waitFor();
    await robin.getByRole("button", { name: "inc-0414-api", exact: true }).waitFor();
    const robinAsClient = person(url, people.robin.slack);
    onTestFinished(() => robinAsClient.leave());
    await expect.poll(async () => (await robinAsClient.channel("inc-0414-api"))?.unread, soon).toBe(0);
  });

  test("edits and deletes one's own message, with its mentions as they were typed", async () => {
    const { url } = await desk.start();
    const robin = await desk.open(url);
    await say(robin, "@alex the api is don");
    const typo = message(robin, "the api is don");
    await typo.hover();
    await typo.getByRole("button", { name: "More actions" }).click();
    await typo.getByRole("menuitem", { name: "Edit message" }).click();
    const box = robin.getByRole("textbox", { name: "Edit message" });
    expect(await box.inputValue()).toBe("@alex the api is don");
    await box.fill("@alex the api is down");
    await box.press("Enter");

    const fixed = message(robin, "the api is down");
    await expect.poll(() => fixed.innerText(), soon).toContain("@Alex the api is down (edited)");
    await fixed.hover();
    await fixed.getByRole("button", { name: "More actions" }).click();
    await fixed.getByRole("menuitem", { name: "Delete message" }).click();
    await fixed.waitFor({ state: "detached" });
  });

  test("loses no message that comes while the channel is being read", async () => {
    const { url } = await desk.start();
    const robin = await desk.open(url);
    const alex = person(url, people.alex.slack);
    onTestFinished(() => alex.leave());
    const heard = new Promise<void>((resolve) => {
      robin.on("websocket", (socket) => {
        socket.on("framereceived", ({ payload }) => {
          if (String(payload).includes("in between")) resolve();
        });
      });
    });
    // The answer is made, then something is said, and only then the answer arrives.
    await robin.route("**/slack/client/channel.history?**", async (route) => {
      const response = await route.fetch();
      await alex.say(incidents, "said in between");
      await heard;
      await route.fulfill({ response });
    });
    await robin.reload();
    await message(robin, "said in between").waitFor();
    expect(await message(robin, "said in between").count()).toBe(1);
  });

  test("comes back by itself when the workspace restarts, and reads everything again", async () => {
    const first = await desk.start();
    const robin = await desk.open(first.url, { expected: /WebSocket connection|ERR_CONNECTION_REFUSED/ });
    await say(robin, "before");
    await message(robin, "before").waitFor();

    await first.stop();
    const reconnecting = robin.getByRole("status").filter({ hasText: "Reconnecting" });
    await reconnecting.waitFor();
    await desk.start({ port: Number(new URL(first.url).port) });
    await reconnecting.waitFor({ state: "detached" });

    // A workspace starts empty: what the page still showed would be its own memory.
    await expect.poll(() => message(robin, "before").count(), soon).toBe(0);
    await say(robin, "after");
    await message(robin, "after").waitFor();
  });
});
