import { beforeAll, describe, expect, test } from "vitest";
import type { File } from "../../sandbox/slack/client-api.ts";
import {
  ask,
  type Client,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;

async function pictures(client: Client, channel: string): Promise<File[]> {
  const messages = await client.history(channel);
  return messages.flatMap(({ files = [] }) => files).filter(({ mimetype }) => mimetype === "image/png");
}

/** The picture of this name once it stands in a person's direct messages with crai. */
async function directPicture(client: Client, name: string): Promise<File> {
  async function found(): Promise<File | undefined> {
    const direct = (await client.channels()).find(({ is_im }) => is_im);
    if (direct === undefined) return undefined;
    return (await pictures(client, direct.id)).find((file) => file.name === name);
  }
  await expect.poll(found, { timeout: withinMs }).toBeDefined();
  return (await found())!;
}

describe("the metrics of the system", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({
      pace,
      configure({ access }) {
        access.roles["support"] = { members: ["U0NOOR"] };
        access.rules.push({ roles: ["support"], allow: ["workload:read"], apps: ["federated"] });
      },
    });
    return () => world.close();
  }, storyTimeout);

  test("of an app come with target and now, and with a picture that says what it shows", async () => {
    const answer = await ask(world.robin, teamChannel, "/crai metrics api");

    expect(answer).toContain("Metrics of Credit risk API in prod");
    expect(answer).toMatch(/Error rate \| ✓ [\d.]+ % \| below 1 % \| /);
    expect(answer).toMatch(/Request rate \| ✓ [\d.]+\/s \| above 100\/s \| /);
    expect(answer).toMatch(/Model accuracy \| ✓ [\d.]+ % \| above 85 % \| /);
    expect(answer).toMatch(/Approval rate \| [\d.]+ % \| none \| /);
    expect(answer).toContain("direct messages");
    const picture = await directPicture(world.robin, "metrics-of-credit-risk-api-in-prod.png");
    expect(picture.alt_txt).toBe("Metrics of Credit risk API in prod. 10 of 10 targets met.");
    const response = await fetch(new URL(picture.url_private, world.sandbox.url));
    expect(Buffer.from(await response.arrayBuffer()).toString("latin1", 1, 4)).toBe("PNG");
  });

  test.each([
    ["overview", /Latency P95 \| ✓ .* \| below 200 ms/],
    ["infrastructure", /Disk usage, fullest node \| ✓ .* \| below 90 %/],
    ["model", /Bias violations \| ✓ 0 \| below 1/],
    ["sustainability", /Carbon footprint \(CO2e\) \| ✓ .* kg\/h \| below 5 kg\/h/],
    ["business", /Prediction volume \| .*\/s \| none/],
  ])("are there as the dashboard %s", async (name, row) => {
    expect(await ask(world.robin, teamChannel, `/crai dashboard ${name}`)).toMatch(row);
  });

  test("name the dashboards there are to whoever mistypes one, and draw nothing", async () => {
    const answer = await ask(world.robin, teamChannel, "/crai dashboard modle");

    expect(answer).toContain("There is no dashboard");
    expect(answer).toContain("Did you mean model?");
  });

  test("refuse a stretch of time that is none", async () => {
    const answer = await ask(world.robin, teamChannel, "/crai metrics api --since yesterday");

    expect(answer).toContain("no duration from 1m to 30d");
  });

  test("leave out what somebody may not look at, and say so", async () => {
    const answer = await ask(world.noor, teamChannel, "/crai dashboard infrastructure");

    expect(answer).toContain("Disk usage, fullest node");
    expect(answer).not.toContain("CPU utilization");
    expect(answer).toContain("5 metrics are left out: you may not look at the app behind them.");
    expect(await ask(world.noor, teamChannel, "/crai dashboard business")).toContain(
      "You may not look at the apps that it is about",
    );
  });

  test("are for all to see in the channel of the app's incident, what is missed first of all", async () => {
    await ship(world, "api", "errors");
    const { id } = await incidentChannel(world.robin, "api");

    await world.robin.command(id, "/crai metrics");

    const shown = textOf(await world.robin.waitForMessage(id, /Metrics of Credit risk API/, { withinMs }));
    expect(shown).toMatch(/\d of 10 targets missed: Error rate/);
    expect(shown).toMatch(/Error rate \| \*?✗ [\d.]+ %\*? \| below 1 %/);
    await expect.poll(() => pictures(world.robin, id), { timeout: withinMs }).toHaveLength(1);
  });
});
