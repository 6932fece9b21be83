import { beforeAll, describe, expect, test } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { startWorld, withinMs, type World } from "../support/practice-world.ts";
import { card, ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;
let channel: Channel;

/** Exports the post-mortem, and gives its two files as Slack has them. */
async function exported(): Promise<{ text: string; picture: Buffer }> {
  const after = (await world.robin.history(channel.id)).at(-1)!.ts;
  await world.robin.command(channel.id, "/crai export");
  await expect.poll(async () => (await filesAfter(after)).length, { timeout: withinMs }).toBe(2);
  const files = await filesAfter(after);
  const [text, picture] = await Promise.all(
    ["text/markdown", "image/png"].map(async (type) => {
      const file = files.find(({ mimetype }) => mimetype === type)!;
      const response = await fetch(new URL(file.url_private, world.sandbox.url));
      return Buffer.from(await response.arrayBuffer());
    }),
  );
  return { text: text!.toString("utf8"), picture: picture! };
}

async function filesAfter(after: string) {
  const messages = await world.robin.history(channel.id);
  return messages.filter(({ ts }) => ts > after).flatMap(({ files = [] }) => files);
}

describe("the post-mortem's charts", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    await ship(world, "api", "errors");
    channel = await incidentChannel(world.robin, "api");
    await world.robin.press(await card(world.robin, channel.id, /Confirm/), "Confirm");
    await ended(world.robin, channel.id, "R1");
    await card(world.robin, channel.id, /2 alerts resolved/);
    await world.robin.command(channel.id, "/crai resolve");
    await card(world.robin, channel.id, /🟢 resolved/);
    return () => world.close();
  }, storyTimeout);

  test("come as a picture beside the document, which gives their figures", async () => {
    const { text, picture } = await exported();

    expect(picture.subarray(1, 4).toString()).toBe("PNG");
    expect(text).toContain(
      "![Error rate, Latency P95, Request rate of api](post-mortem-inc-0001-api-higherrorrate.png)",
    );
    const [, , worst] = /\| Error rate \| below 1 % \| (.+?) \| (.+?) % \|/.exec(text)!;
    expect(Number(worst)).toBeGreaterThan(1);
  });

  test("are the same bytes again, though more could be read by now", async () => {
    const first = await exported();

    const second = await exported();

    expect(second.text).toBe(first.text);
    expect(second.picture.equals(first.picture)).toBe(true);
  });
});
