import { beforeAll, describe, expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import type { Message } from "../../sandbox/slack/client-api.ts";
import {
  ask,
  type Client,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, ship, storyTimeout } from "./story.ts";

let world: World;

/** Plans a rollback of the api to revision 2 in the team's channel, and returns the plan's message. */
async function plan(client: Client): Promise<Message> {
  const after = (await client.history(teamChannel)).at(-1)?.ts ?? "";
  await client.command(teamChannel, `/crai rollback api --to 2`);
  return client.waitForMessage(teamChannel, /revision 2 .*Nothing has been touched/s, { withinMs, after });
}

function numberOf(message: Message): string {
  return /^P\d+(?= · )/m.exec(textOf(message))![0];
}

async function writes(): Promise<number> {
  return world.sandbox.cluster.audit.filter(
    ({ verb, user, requestURI }) =>
      verb === "patch" && user.username.includes("crai") && !requestURI.includes("dryRun"),
  ).length;
}

describe("a plan of somebody who is not on call", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace: { ...pace, breakGlass: "1s" } });
    return () => world.close();
  }, storyTimeout);

  test("names who may say yes, and refuses the yes of who asked", async () => {
    const asked = await plan(world.sasha);
    expect(textOf(asked)).toContain("The requester is not on call for api. Somebody else approves it.");
    expect(textOf(asked)).toContain("*Asked for a yes:* <@U0ALEX>, <@U0ROBIN>");
    const refusal = await ask(world.sasha, teamChannel, `/crai approve ${numberOf(asked)}`);
    expect(refusal).toContain(`${numberOf(asked)} needs the yes of a second person.`);
    expect(await writes()).toBe(0);
  });

  test("is refused by somebody without rights, and stays", async () => {
    const asked = await plan(world.sasha);
    expect(await ask(world.noor, teamChannel, `/crai approve ${numberOf(asked)}`)).toContain(
      "You may not approve",
    );
    expect(await ask(world.noor, teamChannel, "/crai rollback api")).toContain("You may not roll back");
    expect(await writes()).toBe(0);
  });

  test("ends with the no of a second person, who may say why", async () => {
    const asked = await plan(world.sasha);
    await world.alex.command(
      teamChannel,
      `/crai deny ${numberOf(asked)} --reason "v1.1.8 has the old schema"`,
    );
    await world.sasha.waitForMessage(
      teamChannel,
      /\*Denied\.\* Alex said no: v1\.1\.8 has the old schema\./,
      {
        withinMs,
      },
    );
    expect(await ask(world.robin, teamChannel, `/crai approve ${numberOf(asked)}`)).toContain(
      "can no longer be answered",
    );
    expect(await writes()).toBe(0);
  });

  test("is carried out with the rights of who asked when a second person approves", async () => {
    const asked = await plan(world.sasha);
    await world.robin.press(asked, "Approve");
    const run = await ended(world.sasha, teamChannel);
    await world.sasha.waitForMessage(teamChannel, /\*Started\* as R1, approved by <@U0ROBIN> at /, {
      withinMs,
    });
    expect(textOf(run)).toMatch(/^R1 Cured/);
    expect(textOf(run)).toContain("asked by <@U0SASHA>");
    const patches = world.sandbox.cluster.audit.filter(
      ({ verb, impersonatedUser, requestURI }) =>
        verb === "patch" &&
        impersonatedUser?.username === people.sasha.kubernetes.user &&
        !requestURI.includes("dryRun"),
    );
    expect(patches).toHaveLength(1);
  });

  test("can break the glass when nobody answered in time, with a reason that everybody reads", async () => {
    const after = (await world.alex.history(teamChannel)).at(-1)?.ts ?? "";
    await world.alex.command(teamChannel, `/crai rollback api`);
    const asked = await world.alex.waitForMessage(teamChannel, /Nothing has been touched/, {
      withinMs,
      after,
    });
    const broken = await world.alex.waitForMessage(teamChannel, /Break the glass…/, { withinMs, after });
    expect(numberOf(broken)).toBe(numberOf(asked));
    await world.alex.press(broken, "Break the glass…");
    const form = await world.alex.waitForView(/Why can this not wait/, { withinMs });
    await world.alex.fill(form, { "Why can this not wait for a second person?": "nobody is awake" });
    expect(textOf(await ended(world.alex, teamChannel, "R2"))).toMatch(/^R2 Cured/);
    const said = await world.db
      .selectFrom("approval")
      .select(["decision", "reason"])
      .orderBy("plan", "desc")
      .limit(1)
      .execute();
    expect(said).toEqual([{ decision: "break-glass", reason: "nobody is awake" }]);
    await world.robin.waitForMessage(
      teamChannel,
      /\*Started\* as R2\. <@U0ALEX> broke the glass at .*: nobody is awake\./,
      { withinMs },
    );
  });
});

test("a plan that nobody answers expires, and touches nothing", { timeout: storyTimeout }, async () => {
  world = await startWorld({ pace: { ...pace, approval: "2s" } });
  await using _ = { [Symbol.asyncDispose]: () => world.close() };
  const asked = await plan(world.robin);
  await world.robin.waitForMessage(teamChannel, /\*Expired\.\* Nobody said yes within 2s\./, { withinMs });
  expect(await ask(world.robin, teamChannel, `/crai approve ${numberOf(asked)}`)).toContain(
    "can no longer be answered: it is expired",
  );
  expect(await writes()).toBe(0);
});

test(
  "a plan is made again when the template changed since, and stands when pods only flap",
  { timeout: storyTimeout },
  async () => {
    world = await startWorld({ pace });
    await using _ = { [Symbol.asyncDispose]: () => world.close() };
    const asked = await plan(world.robin);
    await ship(world, "api", "good");
    await world.robin.press(asked, "Confirm");
    const again = await world.robin.waitForMessage(teamChannel, /v1\.2\.0 → .*Confirm/s, { withinMs });
    expect(numberOf(again)).not.toBe(numberOf(asked));
    await world.robin.waitForMessage(teamChannel, /\*No longer holds\.\* What it rests on has changed/, {
      withinMs,
    });
    expect(await writes()).toBe(0);

    const pods = world.sandbox.cluster.store.list("pods", "credit-risk-ai");
    expect(pods.length).toBeGreaterThan(0);
    await fetch(
      `${world.sandbox.url}/k8s/api/v1/namespaces/credit-risk-ai/pods/${pods.find((pod) => pod.metadata.name.startsWith("api-"))!.metadata.name}`,
      { method: "DELETE" },
    );
    await world.robin.press(again, "Confirm");
    expect(textOf(await ended(world.robin, teamChannel))).toMatch(/^R1 Cured/);
  },
);
