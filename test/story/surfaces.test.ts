import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { slack } from "../../sandbox/seed.ts";
import { ask, entriesOf, startWorld, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { card, ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;
let channel: Channel;
const crai = `<@${slack.bot.user}>`;

beforeAll(async () => {
  world = await startWorld({ pace });
  await ship(world, "api", "errors");
  channel = await incidentChannel(world.robin, "api");
  return () => world.close();
}, storyTimeout);

async function waitForFact(pattern: RegExp): Promise<void> {
  await vi.waitFor(
    async () =>
      expect((await entriesOf(world, 1)).map(({ fact }) => JSON.stringify(fact)).join("\n")).toMatch(pattern),
    { timeout: withinMs, interval: 100 },
  );
}

describe("beside the slash command", { timeout: storyTimeout }, () => {
  test("a mention in a thread is a command, answered there", async () => {
    const question = await world.robin.say(channel.id, "How does it stand?");
    await world.robin.say(channel.id, `${crai} status`, { thread: question.ts });
    const answer = await world.robin.waitForMessage(channel.id, /api-deployment/, {
      withinMs,
      thread: question.ts,
    });
    expect(textOf(answer)).toContain("3 of 3 ready");
  });

  test("a message shortcut puts what somebody wrote on the timeline", async () => {
    const told = await world.robin.say(channel.id, "The connection pool was halved.");
    await world.robin.shortcut("Add to incident timeline", told);
    await waitForFact(/"message\.pinned".*The connection pool was halved\./);
  });

  test("📌 as a reaction does the same, for whoever wrote it", async () => {
    await world.alex.call("channel.join", { channel: channel.id });
    const told = await world.alex.say(channel.id, "Customers call about it.");
    await world.robin.react(told, "pushpin");
    await waitForFact(/"message\.pinned".*Customers call about it\..*Alex/);
  });

  test("the Home tab shows what is open", async () => {
    await world.robin.home();
    const home = await world.robin.waitForHome(/Open incidents/, { withinMs });
    expect(textOf(home)).toMatch(/sev2 open/);
  });

  test("a typo is answered with the nearest command as it is typed here", async () => {
    expect(await ask(world.robin, channel.id, "/crai acknowledge")).toContain("Did you mean `/crai ack`?");
    expect(await ask(world.robin, channel.id, "/crai rolback")).toContain("Did you mean `/crai rollback`?");
  });

  test("a menu offers the other releases to go back to", async () => {
    await world.robin.press(await card(world.robin, channel.id, /Confirm/), "Other…");
    const form = await world.robin.waitForView(/Another release/, { withinMs });
    await world.robin.fill(form, { "Go back to": "Revision 2: v1.1.8, made 19d ago" });
    const plan = await world.robin.waitForMessage(channel.id, /^Roll api-deployment back to revision 2/, {
      withinMs,
    });
    expect(textOf(plan)).toContain("Nothing has been touched.");
    await world.robin.press(plan, "Cancel");
    await world.robin.waitForMessage(channel.id, /\*Denied\.\*/, { withinMs });
  });

  test("a mention confirms a plan too", async () => {
    const offer = textOf(await card(world.robin, channel.id, /Confirm/));
    expect(offer).toContain("Confirm");
    const question = await world.robin.say(channel.id, "Shall we?");
    await world.robin.say(channel.id, `${crai} rollback`, { thread: question.ts });
    const plan = await world.robin.waitForMessage(
      channel.id,
      /^Roll api-deployment back to revision 3.*Nothing has been touched/s,
      { withinMs },
    );
    await world.robin.say(channel.id, `${crai} approve ${/^P\d+/m.exec(textOf(plan))![0]}`, {
      thread: question.ts,
    });
    expect(textOf(await ended(world.robin, channel.id))).toMatch(/^R1 Cured/);
  });
});
