import { beforeAll, describe, expect, test } from "vitest";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import {
  ask,
  type Client,
  entriesOf,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { card } from "./story.ts";
import { alertmanagerBody, post } from "../support/webhooks.ts";

const crai = "U0CRAI";
const announce = "C0INCIDENTS";
const planned = /P\d+ ·[\s\S]*Nothing has been touched/;
const ended = /R\d+ (Cured|Carried out)/;

let world: World;

beforeAll(async () => {
  world = await startWorld();
  return () => world.close();
});

async function directOf(client: Client): Promise<string> {
  return (await client.call("im.open", { user: crai })).channel.id;
}

async function privateChannel(name: string, ...others: Client[]): Promise<Channel> {
  const { channel } = await world.robin.call("channel.create", { name, is_private: true });
  for (const { id } of others) await world.robin.call("channel.invite", { channel: channel.id, user: id });
  return channel;
}

async function cancel(client: Client, plan: Message): Promise<void> {
  await client.press(plan, "Cancel");
  await client.waitForMessage(plan.channel, /\*Denied\.\*/, { withinMs });
}

describe("a rollback asked where crai is no member", { timeout: 4 * withinMs }, () => {
  test("is planned, run and stoppable in a public channel, which crai joins", async () => {
    const { robin } = world;
    const { channel } = await robin.call("channel.create", { name: "late-shift" });
    await robin.command(channel.id, "/crai rollback api");
    const plan = await robin.waitForMessage(channel.id, planned, { withinMs });
    await robin.press(plan, "Confirm");
    await robin.waitForMessage(channel.id, /\[Stop\]|R\d+ (Cured|Carried out)/, { withinMs });
    await robin.waitForMessage(channel.id, ended, { withinMs });
    expect(textOf(await robin.waitForMessage(channel.id, /\*Started\*/, { withinMs }))).toContain("R1");
  });

  test("goes to direct messages from a private channel, and its run is announced", async () => {
    const { robin, alex } = world;
    const { id } = await privateChannel("war-room", alex);
    await robin.command(id, "/crai rollback api");
    const pointer = await robin.waitForMessage(id, /I cannot post here.*our direct messages/, { withinMs });
    expect(pointer.is_ephemeral).toBe(true);
    const direct = await directOf(robin);
    const plan = await robin.waitForMessage(direct, planned, { withinMs });
    expect(await alex.thread(direct, plan.ts).catch(() => "not for Alex")).toBe("not for Alex");
    await robin.press(plan, "Confirm");
    await robin.waitForMessage(direct, ended, { withinMs });
    await alex.waitForMessage(announce, ended, { withinMs });
  });

  test("reaches who has to approve it, though they are not in that channel", async () => {
    const { sasha, alex } = world;
    const { channel } = await sasha.call("channel.create", { name: "nightwatch", is_private: true });
    await sasha.command(channel.id, "/crai rollback federated");
    await sasha.waitForMessage(channel.id, /our direct messages and in <#C0INCIDENTS>/, { withinMs });
    const plan = await alex.waitForMessage(announce, planned, { withinMs });
    await alex.press(plan, "Approve");
    await alex.waitForMessage(announce, /R\d+ (Cured|Carried out).*federated/, { withinMs });
    await sasha.waitForMessage(await directOf(sasha), /R\d+ (Cured|Carried out).*federated/, { withinMs });
  });

  test("goes to direct messages from a talk of two people", async () => {
    const { robin, alex } = world;
    const { channel } = await robin.call("im.open", { user: alex.id });
    await robin.command(channel.id, "/crai rollback api");
    await robin.waitForMessage(channel.id, /I cannot post here.*our direct messages/, { withinMs });
    const direct = await directOf(robin);
    await cancel(robin, await robin.waitForMessage(direct, planned, { withinMs }));
  });

  test("asked in a thread stands in the channel, and the thread says so", async () => {
    const { robin } = world;
    const root = await robin.say(teamChannel, "what now?");
    await robin.say(teamChannel, `<@${crai}> rollback api`, { thread: root.ts });
    await robin.waitForMessage(teamChannel, /P\d+ is planned: .* shown in the channel/, {
      thread: root.ts,
      withinMs,
    });
    await cancel(robin, await robin.waitForMessage(teamChannel, planned, { after: root.ts, withinMs }));
  });
});

describe("an incident's channel", { timeout: 4 * withinMs }, () => {
  let channel: Channel;

  async function alert(name: string): Promise<void> {
    const labels = { alertname: name, app: "mlflow", namespace: "credit-risk-ai" };
    await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([{ labels }]));
  }

  beforeAll(async () => {
    await alert("FirstTrouble");
    channel = await world.robin.waitForChannel(/^inc-/, { withinMs });
    await world.robin.call("channel.join", { channel: channel.id });
    await world.robin.waitForMessage(channel.id, /FirstTrouble/, { withinMs });
  });

  test("has a card that leads to the runbook and names who answers for the app", async () => {
    const pinned = await card(world.robin, channel.id, /Runbook · owner: ML Engineering/);
    expect(JSON.stringify(pinned.blocks)).toContain(
      "<https://docs.credit-risk-ai.example.com/mlflow|Runbook>",
    );
  });

  test("that crai was removed from has it back as soon as it has something to say", async () => {
    const { robin } = world;
    await robin.call("channel.remove", { channel: channel.id, user: crai });
    await ask(robin, teamChannel, `/crai ack --incident 1`);
    await robin.waitForMessage(channel.id, /acknowledged the incident/, { withinMs });
    const { members } = await robin.call("channel.members", { channel: channel.id });
    expect(members.map(({ id }) => id)).toContain(crai);
  });

  test("that was archived: people hear of it where outages are announced, and directly, and the record goes on", async () => {
    const { robin } = world;
    await robin.call("channel.archive", { channel: channel.id });
    await ask(robin, teamChannel, `/crai mitigate --incident 1`);
    await robin.waitForMessage(announce, /crai cannot write in.*it is archived/, { withinMs });
    await robin.waitForMessage(await directOf(robin), /crai cannot write in/, { withinMs });
    const facts = (await entriesOf(world, 1)).map(({ fact }) => fact.kind);
    expect(facts).toContain("channel.closed");
    expect(facts).toContain("incident.mitigated");
  });

  test("says what waited when it is unarchived and crai invited", async () => {
    const { robin } = world;
    await robin.call("channel.unarchive", { channel: channel.id });
    await robin.call("channel.invite", { channel: channel.id, user: crai });
    await robin.waitForMessage(channel.id, /declared it mitigated|mitigated the incident/, { withinMs });
  });
});
