import { beforeAll, describe, expect, test } from "vitest";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import { setMetricsApi } from "../../sandbox/cluster/usage/availability.ts";
import { ask, entriesOf, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { allPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { incidentChannel, pace, ship, storyTimeout } from "./story.ts";

let world: World;

/** The answer of a diagnosis, once it stands. */
function answer(client: World["robin"], channel: string, symptom: RegExp): Promise<Message> {
  return client.waitForMessage(channel, new RegExp(`What explains ${symptom.source}`), { withinMs });
}

describe("a diagnosis", { timeout: storyTimeout }, () => {
  let channel: Channel;

  beforeAll(async () => {
    world = await startWorld({ pace, env: allPlaybooks });
    return () => world.close();
  }, storyTimeout);

  test("of what is well says what it looked at and could not see", async () => {
    const { robin } = world;
    await robin.command(teamChannel, "/crai diagnose high-latency api");
    const told = textOf(await answer(robin, teamChannel, /high latency of api/));
    expect(told).toContain("Nothing was found that explains it");
    expect(told).toMatch(/Not seen: connections of the database \(robin@\S+ may not get pods\/exec/);
  });

  test("is refused by name for what is no symptom, and to who has no rights", async () => {
    const { robin, noor } = world;
    expect(await ask(robin, teamChannel, "/crai diagnose high-latancy api")).toContain(
      "Did you mean high-latency?",
    );
    expect(await ask(noor, teamChannel, "/crai diagnose high-latency api")).toContain("You may not");
  });

  test("stands in the incident's channel by itself: the release, its errors in numbers, and the way back", async () => {
    const { robin } = world;
    await ship(world, "api", "errors");
    channel = await incidentChannel(robin, "api");
    const message = await answer(robin, channel.id, /a high error rate of api/);
    const told = textOf(message);
    expect(told).toMatch(/A release shipped \d+m?s? ?\d*s? ago/);
    expect(told).toContain("Roll back api");
    // One message, its details in the thread.
    const inChannel = (await robin.history(channel.id)).filter(
      ({ ts, thread_ts: thread = ts }) => thread === ts,
    );
    const said = inChannel.filter((one) => textOf(one).startsWith("What explains"));
    expect(said).toHaveLength(1);
    const entries = await entriesOf(world, Number(/inc-0*(\d+)/.exec(channel.name)![1]));
    expect(entries.filter(({ fact }) => fact.kind === "step.finished")).toHaveLength(13);
  });

  test("counts the errors that the logs tell of, and its first button plans and changes nothing", async () => {
    await expect
      .poll(
        async () => {
          await world.robin.command(channel.id, "/crai diagnose high-error-rate");
          return (await world.robin.history(channel.id)).map(textOf).join("\n");
        },
        { timeout: withinMs, interval: 2000 },
      )
      .toMatch(/×\d+ .*QueuePool limit/);
    const message = await answer(world.robin, channel.id, /a high error rate of api/);
    await world.robin.press(message, "Roll back api");
    await world.robin.waitForMessage(channel.id, /Roll api-deployment back.*Nothing has been touched/s, {
      withinMs,
    });
  });

  test("sees the database's connections where the cluster lets the person into its pod", async () => {
    const { alex } = world;
    await alex.command(teamChannel, "/crai diagnose resource-exhaustion postgres");
    const told = textOf(await answer(alex, teamChannel, /exhausted resources of postgres/));
    expect(told).toContain("Which database postgres needs is not configured");
    await alex.command(teamChannel, "/crai diagnose resource-exhaustion api");
    const said = textOf(await answer(world.robin, channel.id, /exhausted resources of api/));
    expect(said).not.toContain("connections of the database");
    const entries = await entriesOf(world, Number(/inc-0*(\d+)/.exec(channel.name)![1]));
    expect(JSON.stringify(entries)).toMatch(/\d+ of \d+ connections, \d+ active/);
  });

  test.each([
    ["absent", "federated", /CPU and memory \(.*the cluster has no metrics API/],
    ["unavailable", "mlflow", /CPU and memory \(.*the metrics API gives no answer/],
  ] as const)("goes on while the metrics API is %s, and says so", async (state, app, says) => {
    const { alex, sandbox } = world;
    setMetricsApi(sandbox.cluster.store, state, new Date());
    await alex.command(teamChannel, `/crai diagnose high-error-rate ${app}`);
    expect(textOf(await answer(alex, teamChannel, new RegExp(`a high error rate of ${app}`)))).toMatch(says);
  });
});
