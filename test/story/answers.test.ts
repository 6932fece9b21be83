import { beforeAll, describe, expect, test, vi } from "vitest";
import { people } from "../../sandbox/seed.ts";
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
import { card, ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

const general = "C0GENERAL";
const announced = "C0INCIDENTS";

let world: World;

/** Plans a rollback in the team's channel, and returns the plan's message with its number. */
async function plan(client: Client, flags = ""): Promise<{ name: string; message: Message }> {
  const after = (await client.history(teamChannel)).at(-1)?.ts ?? "";
  await client.command(teamChannel, `/crai rollback api ${flags}`);
  const message = await client.waitForMessage(teamChannel, /P\d+ · .*Nothing has been touched/s, {
    withinMs,
    after,
  });
  return { name: /(P\d+) ·/.exec(textOf(message))![1]!, message };
}

async function runsOf(name: string): Promise<number> {
  const rows = await world.db
    .selectFrom("run")
    .select("number")
    .where("plan", "=", Number(name.slice(1)))
    .execute();
  return rows.length;
}

describe("answers to plans outside incidents", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace: { ...pace, breakGlass: "1s" } });
    return () => world.close();
  }, storyTimeout);

  test("a broken glass is announced to everybody, and the run, its list and its plan say who, why and that it is reviewed", async () => {
    const { alex, robin, noor } = world;
    const { name, message } = await plan(alex, "--to 2");
    expect(textOf(message)).toMatch(
      /\*Asked for a yes:\* <@U0ROBIN>, <@U0SASHA>, until .+\. Unanswered, somebody on call may break the glass from .+ on\./,
    );
    await alex.waitForMessage(teamChannel, /Break the glass…/, { withinMs });
    await alex.command(teamChannel, `/crai approve ${name} --break-glass --reason "nobody is awake."`);
    const told = /Glass broken\* by <@U0ALEX> at .+: nobody is awake\. To be reviewed\. R1 runs/;
    await robin.waitForMessage(teamChannel, told, { withinMs });
    const everywhere = await noor.waitForMessage(announced, told, { withinMs });
    expect(textOf(everywhere)).toContain("See <#C0API>.");
    const run = textOf(await ended(robin, teamChannel, "R1"));
    expect(run).toMatch(/Glass broken\* by <@U0ALEX> at .+: nobody is awake\. To be reviewed\./);
    expect(run).toContain("R1 · P1 · asked by <@U0ALEX>");
    expect(await ask(robin, general, "/crai runs R1")).toContain("Glass broken");
    expect(await ask(robin, general, `/crai status ${name}`)).toMatch(
      /Started\* as R1\. <@U0ALEX> broke the glass at .+: nobody is awake\. To be reviewed\./,
    );
  });

  test("the glass is not broken over a plan that waits for its requester alone", async () => {
    const { alex, robin } = world;
    const { name } = await plan(robin, "--to 3");
    const answer = await ask(alex, teamChannel, `/crai approve ${name} --break-glass --reason "no time"`);
    expect(answer).toContain(`${name} needs no broken glass.`);
    expect(answer).toContain("Robin's own yes is enough.");
    expect(answer).toContain(`Robin confirms it, or you approve it: \`/crai approve ${name}\``);
    expect(await runsOf(name)).toBe(0);
    await robin.command(teamChannel, `/crai deny ${name}`);
    await robin.waitForMessage(teamChannel, /\*Denied\.\*/, { withinMs });
  });

  test("whoever answers from another channel is told where it goes on, and the plan's message tells the rest", async () => {
    const { alex, sasha, robin } = world;
    const denied = await plan(sasha, "--to 3");
    expect(await ask(alex, general, `/crai deny ${denied.name} --reason "wait for the backup"`)).toMatch(
      new RegExp(`${denied.name} is denied: .+ See <#C0API>\\.`),
    );
    await sasha.waitForMessage(teamChannel, /Denied\.\* Alex said no: wait for the backup\./, { withinMs });

    const approved = await plan(sasha, "--to 3");
    expect(await ask(robin, general, `/crai approve ${approved.name}`)).toMatch(/R2 runs: .+ See <#C0API>\./);
    await sasha.waitForMessage(teamChannel, /Started\* as R2, approved by <@U0ROBIN> at .+\./, {
      withinMs,
    });
    expect(textOf(await ended(sasha, teamChannel, "R2"))).toMatch(
      /R2 · P\d+ · asked by <@U0SASHA> · approved by <@U0ROBIN>, /,
    );
  });
});

describe("answers to what an alert proposes", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("two who are not on call confirm it at once: it runs, asked for by one and approved by the other", async () => {
    const { alex, sasha, robin } = world;
    await ship(world, "api", "errors");
    const channel = await incidentChannel(robin, "api");
    const offer = await card(robin, channel.id, /Confirm/);
    for (const client of [alex, sasha]) await client.call("channel.join", { channel: channel.id });
    await Promise.all([alex.press(offer, "Confirm"), sasha.press(offer, "Confirm")]);
    const run = textOf(await ended(robin, channel.id));
    expect(run).toMatch(/^R1 Cured/);
    expect(run).toMatch(
      /asked by <@U0ALEX> · approved by <@U0SASHA>|asked by <@U0SASHA> · approved by <@U0ALEX>/,
    );
    const users = world.sandbox.cluster.audit
      .filter(
        ({ verb, user, requestURI }) =>
          verb === "patch" && user.username.includes("crai") && !requestURI.includes("dryRun"),
      )
      .map(({ impersonatedUser }) => impersonatedUser?.username);
    const asker = run.includes("asked by <@U0ALEX>") ? people.alex : people.sasha;
    expect(users).toEqual([asker.kubernetes.user]);
    const told = (await entriesOf(world, 1)).map(({ fact }) => fact);
    expect(told).toContainEqual(expect.objectContaining({ kind: "approval.given", how: "approved" }));
  });

  test("who takes it up without being on call finds it gone from the card, and others asked", async () => {
    const { robin, alex } = world;
    const channel = await offered("federated");
    await alex.call("channel.join", { channel: channel.id });
    await alex.press(await card(robin, channel.id, /Confirm/), "Confirm");
    const taken = await robin.waitForMessage(channel.id, /Asked for a yes:\* .*<@U0ROBIN>/, { withinMs });
    expect(textOf(taken)).toContain("The requester is not on call for federated.");
    await withoutOffer(robin, channel);

    // Robin, on call, goes on by themselves; what Alex asked for is worked out again when somebody says yes to it.
    await robin.command(channel.id, "/crai rollback");
    const own = await robin.waitForMessage(channel.id, /One yes is enough\. Valid until /, { withinMs });
    await robin.press(own, "Confirm");
    expect(textOf(await ended(robin, channel.id))).toMatch(/confirmed by <@U0ROBIN>, /);
    await withoutOffer(robin, channel);
  });

  test("it goes from the card when somebody says no, which the channel reads", async () => {
    const { robin, alex } = world;
    const channel = await offered("mlflow");
    const offer = await card(robin, channel.id, /Confirm/);
    const [proposal] = await world.db
      .selectFrom("plan")
      .select("number")
      .where("status", "=", "waiting")
      .where("actor_key", "like", "alert:%")
      .where("app", "=", "mlflow")
      .execute();
    expect(textOf(offer)).not.toContain("Valid");
    const name = `P${proposal!.number}`;
    expect(await ask(robin, channel.id, `/crai status ${name}`)).not.toContain("Valid");
    expect(await ask(alex, general, `/crai deny ${name} --reason "the model is the cause"`)).toMatch(
      new RegExp(`${name} is denied: .+ See <#${channel.id}>\\.`),
    );
    await robin.waitForMessage(channel.id, /is denied: .+ Alex said no: the model is the cause\./, {
      withinMs,
    });
    await withoutOffer(robin, channel);
  });
});

/** A release of the app goes bad; the fix waits in the channel that Robin, on call, was invited to. */
async function offered(app: string): Promise<Channel> {
  await ship(world, app, "errors");
  return incidentChannel(world.robin, app);
}

async function withoutOffer(client: Client, channel: Channel): Promise<void> {
  await vi.waitFor(
    async () => {
      const [pinned] = await client.pins(channel.id);
      expect(textOf(pinned!)).not.toContain("[Confirm]");
    },
    { timeout: withinMs, interval: 100 },
  );
}

test("nobody is called not on call while PagerDuty cannot be asked", { timeout: storyTimeout }, async () => {
  // Nobody listens there, from the start: who was on call last counts for a while.
  world = await startWorld({ pace, env: { PAGERDUTY_API_URL: "http://127.0.0.1:1" } });
  await using _ = { [Symbol.asyncDispose]: () => world.close() };
  const { name, message } = await plan(world.sasha);
  expect(textOf(message)).toContain("It is not known whether the requester is on call for api: ");
  expect(textOf(message)).not.toContain("is not on call");
  // What is not known is no reason to let anybody say yes alone.
  expect(textOf(message)).not.toContain("[Confirm]");
  expect(await ask(world.sasha, teamChannel, `/crai approve ${name}`)).toContain(
    "the yes of a second person",
  );
});
