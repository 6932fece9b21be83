import { beforeAll, expect, test, vi } from "vitest";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import type { FactOf } from "../../src/domain/timeline.ts";
import { ask, type Client, entriesOf, startWorld, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { alertmanagerBody, post } from "../support/webhooks.ts";

/** What is refused to one person in an incident's channel: said to them alone, and kept on the timeline. */

let world: World;
let channel: Channel;
const incident = 1;

beforeAll(async () => {
  world = await startWorld();
  const alert = { labels: { alertname: "HighLatency", app: "api", namespace: "credit-risk-ai" } };
  await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([alert]));
  channel = await world.robin.waitForChannel(/^inc-/, { withinMs });
  for (const client of [world.robin, world.alex, world.sasha, world.noor])
    await client.call("channel.join", { channel: channel.id });
  await world.robin.waitForMessage(channel.id, /HighLatency/, { withinMs });
  return () => world.close();
});

/** A plan of Sasha's, who is not on call, so that it waits for a second person. */
async function planOfSasha(
  line = "rollback api",
): Promise<{ name: string; number: number; message: Message }> {
  const after = (await world.sasha.history(channel.id)).at(-1)?.ts ?? "";
  await world.sasha.command(channel.id, `/crai ${line}`);
  const message = await world.sasha.waitForMessage(channel.id, /P\d+ ·[\s\S]*Nothing has been touched/, {
    withinMs,
    after,
  });
  const name = /(P\d+) ·/.exec(textOf(message))![1]!;
  return { name, number: Number(name.slice(1)), message };
}

interface Wanted {
  what: RegExp;
  why: RegExp;
  next: RegExp;
}

/** What, why and next, a line each; said to nobody else, in the channel or alone; and on the timeline with who asked. */
async function isRefused(answer: string, asker: Client, wanted: Wanted): Promise<FactOf<"command.refused">> {
  const [what = "", why = "", ...next] = answer.split("\n");
  expect(what).toMatch(wanted.what);
  expect(why).toMatch(wanted.why);
  expect(next.join("\n")).toMatch(wanted.next);
  const others = [world.robin, world.alex, world.sasha, world.noor].filter((client) => client !== asker);
  for (const other of others) {
    const seen = [...(await other.history(channel.id)), ...(await other.ephemerals(channel.id))];
    expect(seen.map(textOf).filter((text) => text.includes(what.replaceAll("*", "")))).toEqual([]);
  }
  const last = (await entriesOf(world, incident)).findLast(({ fact }) => fact.kind === "command.refused");
  expect(last?.fact).toMatchObject({ what: expect.stringMatching(wanted.what) });
  return last!.fact as FactOf<"command.refused">;
}

async function say(client: Client, line: string): Promise<string> {
  return ask(client, channel.id, `/crai ${line}`);
}

test("case 37: the own yes to a plan that needs a second person", async () => {
  const { name } = await planOfSasha();
  const fact = await isRefused(await say(world.sasha, `approve ${name}`), world.sasha, {
    what: new RegExp(`${name} needs the yes of a second person`),
    why: /not on call for api/,
    next: /Somebody else presses Approve/,
  });
  expect(fact.command).toBe(`approve ${name}`);
  await world.sasha.command(channel.id, `/crai deny ${name}`);
});

test("the yes of somebody who may not give it", async () => {
  const { name } = await planOfSasha();
  await isRefused(await say(world.noor, `approve ${name}`), world.noor, {
    what: /You may not .*for api in prod/,
    why: /needs the permission plan:approve, which these roles have/,
    next: /Ask somebody who has one of these roles/,
  });
  await world.sasha.command(channel.id, `/crai deny ${name}`);
});

test("how another person's plan was answered, asked for by saying yes, no or something to its run", async () => {
  const { name, number } = await planOfSasha();
  await world.sasha.command(channel.id, `/crai deny ${name}`);
  await vi.waitUntil(
    async () => {
      const plan = await world.db
        .selectFrom("plan")
        .select("status")
        .where("number", "=", number)
        .executeTakeFirst();
      return plan?.status === "denied";
    },
    { timeout: withinMs },
  );
  for (const line of [`approve ${name}`, `deny ${name}`])
    await isRefused(await say(world.noor, line), world.noor, {
      what: /You may not see runs/,
      why: /needs the permission run:read/,
      next: /Ask somebody who has one of these roles/,
    });
});

test("case 37: a yes that comes too late", async () => {
  const { name, number } = await planOfSasha();
  await world.db
    .updateTable("plan")
    .set({ expires_at: new Date(Date.now() - 1000) })
    .where("number", "=", number)
    .execute();
  await isRefused(await say(world.robin, `approve ${name}`), world.robin, {
    what: new RegExp(`${name} can no longer be answered: it is expired`),
    why: /Nobody said yes within 10m/,
    next: /Plan again/,
  });
});

test("case 39: a target that another run holds", async () => {
  // The API server takes no patch, so the first run does not get to its end.
  const held = world.sandbox.cluster.onRequest(({ verb, uri, phase }) =>
    phase === "received" && verb === "patch" && !uri.includes("dryRun") ? "cut" : undefined,
  );
  try {
    const first = await planOfSasha("rollback api --to 1");
    await world.robin.command(channel.id, `/crai approve ${first.name}`);
    const { number: run } = await vi.waitFor(
      () =>
        world.db
          .selectFrom("run")
          .select("number")
          .where("plan", "=", first.number)
          .executeTakeFirstOrThrow(),
      { timeout: withinMs },
    );
    const second = await planOfSasha("rollback api --to 2");
    const wanted = {
      what: new RegExp(`api-deployment is locked by R${run}`),
      why: /holds it since \d\d:\d\d:\d\d UTC; that run has not ended/,
      next: new RegExp(`stop R${run}`),
    };
    await world.robin.press(second.message, "Approve");
    const answer = await world.robin.waitForMessage(channel.id, /is locked by R/, { withinMs });
    await isRefused(textOf(answer), world.robin, wanted);
    await say(world.robin, `stop R${run}`);
    held();
    // What is tried again tells so in the channel, which the next test reads.
    await world.robin.waitForMessage(channel.id, new RegExp(`^R${run} (?!Running)[^:\\n]+: Roll`), {
      withinMs,
    });
  } finally {
    held();
  }
});

test("a plan while the API server does not answer", async () => {
  world.sandbox.cluster.faults.set({ down: true });
  try {
    await isRefused(await say(world.robin, "rollback api --to 2"), world.robin, {
      what: /practice|cluster|API server/i,
      why: /asked several times\. Nothing was changed/,
      next: /Try again in a moment/,
    });
  } finally {
    world.sandbox.cluster.faults.set({ down: false });
  }
});
