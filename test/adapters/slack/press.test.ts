import { describe, expect, test, vi } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import type { Button, View } from "../../../src/domain/view.ts";
import { channels, invocations, keepShown, send, startAll } from "./setup.ts";

function withButtons(text: string, ...buttons: Button[]): View {
  return {
    summary: text,
    blocks: [
      { type: "text", text },
      { type: "buttons", buttons },
    ],
  };
}

const confirm: Button = { label: "Confirm", command: "approve P1", style: "primary" };
const breakGlass: Button = {
  label: "Break the glass…",
  command: "approve P1 --break-glass",
  style: "danger",
  form: {
    title: "Break the glass",
    submit: "Run it",
    fields: [
      { name: "reason", label: "Why?", input: { type: "text", multiline: true }, required: true },
      {
        name: "severity",
        label: "Severity",
        input: {
          type: "select",
          options: [
            { label: "Worst", value: "sev1" },
            { label: "Bad", value: "sev2" },
          ],
        },
        required: false,
      },
    ],
  },
};
const channel = { id: channels.api };

describe("a press", () => {
  test("runs the button's command as if the person had typed it there", async () => {
    const office = await startAll();
    await send(office, "plan", { do: "post", channel, view: withButtons("The plan", confirm) });
    const message = await office.alex.waitForMessage(channels.api, /The plan/);

    expect(await office.alex.press(message, "Confirm")).toEqual({ outcome: "delivered" });

    expect(await invocations(office.db)).toMatchObject([
      {
        text: "approve P1",
        actor: { id: people.alex.slack },
        place: { surface: "button", channel: channels.api, thread: null },
      },
    ]);
    expect(office.woken).toHaveLength(1);
  });

  test("in a thread is answered in the thread", async () => {
    const office = await startAll();
    const root = await office.robin.say(channels.api, "Root");
    const view = withButtons("The plan", confirm);
    await send(office, "plan", { do: "post", channel, view, thread: root.ts });
    const message = await office.alex.waitForMessage(channels.api, /The plan/, { thread: root.ts });

    await office.alex.press(message, "Confirm");

    expect(await invocations(office.db)).toMatchObject([
      { place: { channel: channels.api, thread: root.ts } },
    ]);
  });

  test("of a message only one person sees works too", async () => {
    const office = await startAll();
    const { slack: user } = people.robin;
    await send(office, "plan", {
      do: "ephemeral",
      channel: channels.api,
      user,
      view: withButtons("Yours", confirm),
    });
    const message = await office.robin.waitForMessage(channels.api, /Yours/);

    await office.robin.press(message, "Confirm");

    expect(await invocations(office.db)).toMatchObject([
      { text: "approve P1", place: { channel: channels.api } },
    ]);
  });

  test("in the Home tab has no channel", async () => {
    const office = await startAll();
    await office.slack.publishHome(
      people.robin.slack,
      withButtons("Home", { label: "Runs", command: "runs" }),
    );
    const home = await office.robin.waitForHome(/Home/);

    await office.robin.press(home, "Runs");

    expect(await invocations(office.db)).toMatchObject([
      { text: "runs", place: { surface: "home", channel: null, responseUrl: null } },
    ]);
  });

  test("of a button that the message has no longer does nothing, and says so to that person", async () => {
    const office = await startAll();
    await keepShown(office, "plan", { do: "post", channel, view: withButtons("Plan 1", confirm) });
    const message = await office.robin.waitForMessage(channels.api, /Plan 1/);
    // The newer state is stored and does not reach Slack: the person still sees the older one.
    office.workspace.faults.set({ status: 503, methods: ["chat.update"] });
    await keepShown(office, "plan", {
      do: "post",
      channel,
      view: withButtons("Plan 2", { ...confirm, command: "approve P2" }),
    });

    await office.robin.press(message, "Confirm");

    await office.robin.waitForMessage(channels.api, /out of date, so nothing was done/);
    expect(await invocations(office.db)).toEqual([]);
    expect((await office.alex.history(channels.api)).length).toBe(1);
  });
});

describe("a button with a form", () => {
  async function opened() {
    const office = await startAll();
    await send(office, "plan", { do: "post", channel, view: withButtons("The plan", breakGlass) });
    const message = await office.robin.waitForMessage(channels.api, /The plan/);
    await office.robin.press(message, "Break the glass…");
    const modal = await office.robin.waitForView(/Break the glass/);
    return { ...office, modal, message };
  }

  test("asks first, and what was filled in is part of the command", async () => {
    const { robin, db, modal, message } = await opened();
    expect(await invocations(db)).toEqual([]);

    const submission = await robin.fill(modal, { "Why?": 'it\'s "down"\n--env=x `rm`', Severity: "Worst" });

    expect(submission).toEqual({ outcome: "closed" });
    const [invocation] = await invocations(db);
    expect(invocation).toMatchObject({
      text: String.raw`approve P1 --break-glass --reason="it's \"down\"` + '\n--env=x `rm`" --severity=sev1',
      actor: { id: people.robin.slack },
      place: { surface: "button", channel: message.channel },
    });
    expect(invocation?.place.responseUrl).toMatch(/\/response\//);
  });

  test("says at the field what is missing", async () => {
    const { robin, db, modal } = await opened();

    const submission = await robin.fill(modal, { "Why?": "   " });

    expect(submission).toEqual({ outcome: "errors", errors: { "field:0": "Why? is needed." } });
    expect(await invocations(db)).toEqual([]);
  });

  test("whose message has changed meanwhile does nothing, and says so", async () => {
    const office = await opened();
    await office.db.updateTable("outbox").set({ message: "{}" }).where("key", "=", "plan").execute();

    await office.robin.fill(office.modal, { "Why?": "because" });

    const { channel: direct } = await office.robin.call("im.open", { user: "U0CRAI" });
    await office.robin.waitForMessage(direct.id, /out of date, so nothing was done/);
    expect(await invocations(office.db)).toEqual([]);
  });

  test("that cannot be opened says what to type instead", async () => {
    const office = await startAll();
    await send(office, "plan", { do: "post", channel, view: withButtons("The plan", breakGlass) });
    const message = await office.robin.waitForMessage(channels.api, /The plan/);
    office.workspace.faults.set({ status: 500, methods: ["views.open"] });

    await office.robin.press(message, "Break the glass…");

    await office.robin.waitForMessage(
      channels.api,
      /could not be opened, so nothing was done\.\nPress again, or type: \/crai approve P1 --break-glass --reason "…" --severity "…"/,
    );
    await vi.waitFor(async () => expect(await invocations(office.db)).toEqual([]));
  });
});
