import { beforeAll, describe, expect, test } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import {
  ask,
  type Client,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, storyTimeout } from "./story.ts";

let world: World;

function policies(): string[] {
  return world.sandbox.cluster.store.list("networkpolicies").map(({ metadata }) => metadata.name);
}

/** Types a command and waits for its plan, which others have to say yes to. */
async function planned(
  client: Client,
  channel: Channel,
  line: string,
): Promise<{ name: string; text: string }> {
  const after = (await client.history(channel.id)).at(-1)?.ts ?? "";
  await client.command(channel.id, line);
  const message = await client.waitForMessage(channel.id, /P\d+ · .*Nothing has been touched/s, {
    withinMs,
    after,
  });
  const text = textOf(message);
  return { name: /(P\d+) ·/.exec(text)![1]!, text };
}

describe("containment in a security incident", { timeout: storyTimeout }, () => {
  let channel: Channel;

  beforeAll(async () => {
    world = await startWorld({ pace });
    const { alex, sasha } = world;
    await ask(alex, teamChannel, '/crai declare security api --reason "CANARY-77d crypto miner"');
    channel = await alex.waitForChannel(/^inc-0001$/, { withinMs });
    await alex.command(channel.id, "/crai incident role operations sasha@credit-risk-ai.example.com");
    await sasha.waitForChannel(/^inc-0001$/, { withinMs });
    return () => world.close();
  }, storyTimeout);

  test("an app is isolated once a second person agrees, which ticks its item, and the undo lets it back", async () => {
    const { alex, sasha } = world;
    const before = policies();
    const { name, text } = await planned(alex, channel, "/crai quarantine api");
    expect(text).toMatch(/nothing, in or out; DNS neither/);
    expect(text).toMatch(/network plugin enforces NetworkPolicies cannot be seen/);
    expect(policies()).toEqual(before);
    expect(await ask(alex, channel.id, `/crai approve ${name}`)).toMatch(/second person/);
    await sasha.command(channel.id, `/crai approve ${name}`);
    const run = textOf(await ended(alex, channel.id, "R2"));
    expect(run).toMatch(/NetworkPolicy crai-quarantine-api-deployment selects the 3 pods/);
    expect(policies()).toContain("crai-quarantine-api-deployment");
    await alex.waitForMessage(channel.id, /☑ Isolate affected systems · quarantine carried out, R2/, {
      withinMs,
    });
    const undo = await planned(alex, channel, "/crai undo R2");
    expect(undo.text).toMatch(/End the isolation of api-deployment/);
    await sasha.command(channel.id, `/crai approve ${undo.name}`);
    await ended(alex, channel.id, "R3");
    expect(policies()).toEqual(before);
  });

  test("an app is stopped with its CronJobs, and how many pods it had is what the undo brings back", async () => {
    const { alex, sasha } = world;
    const { name, text } = await planned(alex, channel, "/crai suspend mlflow --cronjobs postgres-backup");
    expect(text).toMatch(/Suspend the CronJob postgres-backup, then Scale mlflow.* from 1 to 0/s);
    await sasha.command(channel.id, `/crai approve ${name}`);
    await ended(alex, channel.id, "R4");
    const undo = await planned(alex, channel, "/crai undo R4");
    expect(undo.text).toMatch(/back to 1, Resume the CronJob postgres-backup/);
    await sasha.command(channel.id, `/crai approve ${undo.name}`);
    await ended(alex, channel.id, "R5");
    const [cron] = world.sandbox.cluster.store.list("cronjobs");
    expect(cron).toMatchObject({ spec: { suspend: false } });
  });

  test("whoever writes the words to be sent does not agree to them too", async () => {
    const { alex, sasha } = world;
    await sasha.command(channel.id, "/crai notify security");
    await alex.waitForMessage(channel.id, /What are security to be told/, { withinMs });
    await alex.command(channel.id, '/crai answer R6 words "a miner ran"');
    await alex.waitForMessage(channel.id, /May security be told this/, { withinMs });
    expect(await ask(alex, channel.id, "/crai answer R6 agreed yes")).toMatch(
      /Somebody else has to say yes.*You answered/s,
    );
    expect(await ask(sasha, channel.id, "/crai answer R6 agreed yes")).toMatch(/You asked for R6 yourself/);
  });

  test("nothing of it is told outside its channel", async () => {
    const { robin } = world;
    for (const { id } of await robin.channels())
      expect(JSON.stringify(await robin.history(id))).not.toMatch(/CANARY-77d|Isolate|quarantine/);
    const pages = JSON.stringify(world.sandbox.pager.incidents.all);
    expect(pages).not.toMatch(/CANARY-77d|Isolate|quarantine/);
    expect(world.log()).not.toContain("CANARY-77d");
  });

  test("a node that is not there is refused with those that are", async () => {
    const { alex, robin } = world;
    expect(await ask(alex, teamChannel, "/crai cordon nowhere")).toMatch(
      /There is no node nowhere.*Nodes are: practice-node-1/s,
    );
    expect(await ask(robin, teamChannel, "/crai drain practice-node-1")).toMatch(/You may not cordon, drain/);
  });
});
