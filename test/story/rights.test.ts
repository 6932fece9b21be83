import { beforeAll, describe, expect, test } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
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
import { ended, pace, storyTimeout } from "./story.ts";
import { alertmanagerBody, post } from "../support/webhooks.ts";

let world: World;
/** Of the outages of postgres (1) and, later, of the api (2). */
let postgres: Channel;
let api: Channel;

async function incidentOf(app: string): Promise<Channel> {
  const labels = { alertname: "Trouble", app, namespace: "credit-risk-ai" };
  await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([{ labels }]));
  const channel = await world.alex.waitForChannel(new RegExp(`^inc-\\d+-${app}`), { withinMs });
  for (const client of [world.alex, world.noor]) await client.call("channel.join", { channel: channel.id });
  await world.alex.waitForMessage(channel.id, /Trouble/, { withinMs });
  return channel;
}

/** Noor is responder for the api and nothing else. */
beforeAll(async () => {
  world = await startWorld({
    pace,
    configure: ({ access }) => {
      const responder = access.rules.find(({ roles }) => roles.includes("responder"))!;
      access.roles["api-team"] = { members: ["U0NOOR"] };
      access.rules.push({ ...responder, roles: ["api-team"], apps: ["api"] });
    },
  });
  postgres = await incidentOf("postgres");
  return () => world.close();
}, 4 * withinMs);

async function pinnedOn(incident: number): Promise<unknown[]> {
  const entries = await entriesOf(world, incident);
  return entries.map(({ fact }) => fact).filter((fact) => fact.kind === "message.pinned");
}

describe("somebody with rights to one app", () => {
  async function noor(line: string, channel = teamChannel): Promise<string> {
    return ask(world.noor, channel, `/crai ${line}`);
  }

  test("may not write on the timeline of another app's incident, by --incident or from its channel", async () => {
    for (const [line, channel] of [
      ["note I was here --incident 1", teamChannel],
      ["note I was here", postgres.id],
      ["rollback api --incident 1", teamChannel],
      ["ack --incident 1", teamChannel],
    ] as const)
      expect(await noor(line, channel)).toMatch(/You may not .* for postgres in prod/);
    // The two notes were one refusal.
    const hers = (await entriesOf(world, 1)).filter(({ actor }) => "id" in actor && actor.id === "U0NOOR");
    expect(hers.map(({ fact }) => fact.kind)).toEqual(Array.from({ length: 3 }, () => "command.refused"));
  });

  test("sees the incidents of that app, and no name of another", async () => {
    api = await incidentOf("api");
    expect(await ask(world.alex, teamChannel, "/crai incident list")).toContain("postgres");
    const list = await noor("incident list");
    expect(list).toContain("api");
    expect(list).not.toContain("postgres");
  });

  test("is told of that app alone when none was named, or one that is not there", async () => {
    expect(await noor("status")).toMatch(/^\*?Which app\?[\s\S]*Apps are: api\.$/);
    expect(await noor("history")).toMatch(/Apps are: api\.$/);
    expect(await noor("status postgress")).toMatch(/no app "postgress"[\s\S]*Apps are: api\.$/);
    expect(await ask(world.alex, teamChannel, "/crai status postgress")).toContain("Did you mean postgres?");
  });

  test("is refused a pin there, and somebody with rights pins the same message all the same", async () => {
    const { alex, noor: client } = world;
    const message = await alex.say(postgres.id, "the disk is full");
    await client.react(message, "pushpin");
    const refusal = await client.waitForMessage(postgres.id, /You may not add notes to a timeline/, {
      withinMs,
    });
    expect(refusal.is_ephemeral).toBe(true);
    expect(await pinnedOn(1)).toEqual([]);

    await alex.react(message, "pushpin");
    await expect.poll(() => pinnedOn(1), { timeout: withinMs }).toMatchObject([{ text: "the disk is full" }]);
  });

  test("pins in that app's incident", async () => {
    const message = await world.noor.say(api.id, "all requests fail");
    await world.noor.react(message, "pushpin");
    await expect
      .poll(() => pinnedOn(2), { timeout: withinMs })
      .toMatchObject([{ text: "all requests fail" }]);
  });
});

describe("help", () => {
  const verdicts = /\napprove |\ndeny /;
  async function helpOf(client: Client): Promise<string> {
    return (await ask(client, teamChannel, "/crai help")).replaceAll(/[•`*]\s?/g, "");
  }

  test("names approve and deny to those who may plan or approve something", async () => {
    expect(await helpOf(world.sasha)).toMatch(verdicts);
  });

  test("does not name them to somebody who may not", async () => {
    const robin = await startWorld({
      configure: ({ access }) => {
        access.roles["reader"] = { members: ["U0NOOR"] };
        access.rules.push({ roles: ["reader"], allow: ["workload:read"], apps: ["api"] });
      },
    });
    try {
      const help = await helpOf(robin.noor);
      expect(help).toContain("status");
      expect(help).not.toMatch(verdicts);
    } finally {
      await robin.close();
    }
  });
});

describe("status", { timeout: storyTimeout }, () => {
  test("tells a release's age and its rollout's apart after a rollback, and offers to close the incident", async () => {
    const { alex } = world;
    await alex.command(api.id, "/crai rollback api --to 2");
    const plan = await alex.waitForMessage(api.id, /P\d+ ·[\s\S]*Nothing has been touched/, { withinMs });
    await world.robin.call("channel.join", { channel: api.id });
    await world.robin.press(plan, textOf(plan).includes("[Confirm]") ? "Confirm" : "Approve");
    const run = await ended(alex, api.id);
    expect(textOf(run)).toContain("Cured");
    expect(textOf(run)).toMatch(/\[Mitigate\] \[Resolve\] \[Undo R\d+\]/);
    expect(await ask(alex, api.id, "/crai status")).toMatch(
      /Revision\*?\n4, made \d+ \w+ ago, rolled out (\d+ seconds ago|now)/,
    );
    await alex.press(run, "Mitigate");
    await alex.waitForMessage(api.id, /mitigated the incident/, { withinMs });
  });

  test("says that a workload is paused", async () => {
    const { store } = world.sandbox.cluster;
    const deployment = store.get("deployments", "credit-risk-ai", "api-deployment")!;
    const { resourceVersion: _, ...metadata } = deployment.metadata;
    const spec = { ...(deployment as unknown as { spec: object }).spec, paused: true };
    store.update(
      "deployments",
      { ...deployment, metadata, spec },
      {
        manager: "kubectl-rollout",
        now: new Date(),
      },
    );
    expect(await ask(world.alex, api.id, "/crai status")).toMatch(/Paused:\*? no change to it rolls out/);
  });
});
