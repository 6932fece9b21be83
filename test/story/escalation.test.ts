import { beforeAll, describe, expect, test } from "vitest";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import type { Incident } from "../../sandbox/pager/incidents.ts";
import { users } from "../../sandbox/pager/account.ts";
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
import { storyTimeout } from "./story.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld({
    configure(config) {
      config.apps["postgres"]!.pagerdutyService = "PGONE";
      config.invitations!.security!.push("Platform Team");
      config.contacts!["Platform Team"] = { schedule: "PNOWHERE", slack: "U0ROBIN" };
    },
  });
  return () => world.close();
}, storyTimeout);

/** Declares an incident and returns its number and its channel once the person is in it. */
async function declare(client: Client, line: string): Promise<{ number: number; channel: Channel }> {
  const before = new Set((await client.channels()).map(({ id }) => id));
  await client.command(teamChannel, `/crai incident declare ${line}`);
  async function opened(): Promise<Channel | undefined> {
    return (await client.channels()).find(
      ({ id, name, is_member: isMember }) => isMember && name.startsWith("inc-") && !before.has(id),
    );
  }
  await expect.poll(opened, { timeout: withinMs }).toBeDefined();
  const channel = (await opened())!;
  return { number: Number(channel.name.split("-")[1]), channel };
}

function pageFor(incident: number, call: number): Incident | undefined {
  return world.sandbox.pager.incidents.all.find(
    ({ incidentKey }) => incidentKey === `crai-call-${incident}-${call}`,
  );
}

async function paged(incident: number, call: number): Promise<Incident> {
  await expect.poll(() => pageFor(incident, call), { timeout: withinMs }).toBeDefined();
  return pageFor(incident, call)!;
}

/** It is time for what waits under this key. */
async function isDue(key: string): Promise<void> {
  await world.db.updateTable("deadline").set({ due_at: new Date() }).where("key", "=", key).execute();
}

function callMessage(client: Client, channel: Channel, pattern: RegExp): Promise<Message> {
  return client.waitForMessage(channel.id, pattern, { withinMs });
}

async function facts(incident: number): Promise<string[]> {
  const entries = await entriesOf(world, incident);
  return entries.map(({ fact }) => fact.kind).filter((kind) => kind.startsWith("escalation."));
}

/** Whether PagerDuty's word that the page of a call is resolved has come in, and was dealt with. */
async function heardOfEnd(incident: number, call: number): Promise<boolean> {
  const rows = await world.db
    .selectFrom("inbox")
    .select("body")
    .where("source", "=", "pagerduty")
    .where("done_at", "is not", null)
    .execute();
  return rows.some(({ body }) => {
    const text = JSON.stringify(body);
    return text.includes(`"crai-call-${incident}-${call}"`) && text.includes('"what":"resolved"');
  });
}

describe("calling people in", { timeout: storyTimeout }, () => {
  test("pages whoever is on call, invites and mentions them, and hears of their answer in PagerDuty", async () => {
    const { sasha, robin, sandbox } = world;
    const { number, channel } = await declare(sasha, "api answers slowly --app api --severity sev3");
    await sasha.command(channel.id, '/crai escalate primary --reason "it gets worse"');

    const page = await paged(number, 1);
    expect(page.assignees.map(({ user }) => user.name)).toEqual(["Robin"]);
    expect(page.title).toBe("You are called into a sev3 of api: api answers slowly");
    const shown = textOf(await callMessage(robin, channel, /Primary on-call.*PagerDuty pages them/s));
    expect(shown).toContain("it gets worse");
    expect(shown).toContain("<@U0ROBIN>");
    expect(shown).toContain("sre@credit-risk-ai.example.com");

    const robinInPager = users.find(({ name }) => name === "Robin")!;
    sandbox.pager.incidents.acknowledge(page, { kind: "user", user: robinInPager });
    await callMessage(robin, channel, /Robin is on it in PagerDuty/);
    expect(await facts(number)).toEqual(["escalation.called", "escalation.paged", "escalation.answered"]);
  });

  test("takes the end of a page, which came with the incident's, for nobody's answer", async () => {
    const { alex } = world;
    const { number, channel } = await declare(alex, "scores are late --app federated --severity sev3");
    await alex.command(channel.id, "/crai escalate primary");
    const page = await paged(number, 1);
    await callMessage(alex, channel, /Primary on-call.*PagerDuty pages them/s);
    await alex.command(channel.id, "/crai resolve --reason done");
    await expect.poll(() => page.status, { timeout: withinMs }).toBe("resolved");
    await expect.poll(() => heardOfEnd(number, 1), { timeout: withinMs }).toBe(true);
    expect(await facts(number)).toEqual(["escalation.called", "escalation.paged"]);
  });

  test("goes from level to level while nobody answers, and ends with who does", async () => {
    const { robin, sasha, alex } = world;
    const { number, channel } = await declare(robin, "mlflow is gone --app mlflow --severity sev2");
    await robin.command(channel.id, "/crai escalate");
    // Robin, who is the primary, asks: the next one is meant.
    const second = textOf(await callMessage(sasha, channel, /Secondary on-call/));
    expect(second).toContain("+49 30 901820");
    expect(second).toContain("not paged");

    await isDue(`incident:${number}:call:1`);
    const page = await paged(number, 2);
    expect(page.assignees.map(({ user }) => user.name)).toEqual(["Alex"]);
    await callMessage(robin, channel, /none by .*Escalation manager is next/s);
    const third = await callMessage(alex, channel, /Escalation manager.*PagerDuty pages them/s);
    await alex.press(third, "I'm on it");

    await callMessage(robin, channel, /✅ Alex is on it/);
    await expect.poll(() => page.status, { timeout: withinMs }).toBe("resolved");
    await isDue(`incident:${number}:call:2`);
    expect(await ask(robin, channel.id, "/crai escalate")).toContain(
      "Everybody in the chain has been called already",
    );
  });

  test("begins by itself where PagerDuty knows nothing and nobody has acknowledged", async () => {
    const { sasha } = world;
    const { number, channel } = await declare(sasha, "federated rounds fail --app federated --severity sev1");
    await isDue(`incident:${number}:escalation:1:sev1`);
    expect((await paged(number, 1)).assignees.map(({ user }) => user.name)).toEqual(["Robin"]);
    await callMessage(sasha, channel, /crai calls.*Primary on-call/s);

    await world.robin.command(channel.id, "/crai ack");
    await callMessage(sasha, channel, /✅ Robin is on it/);
    await isDue(`incident:${number}:call:1`);
    await expect.poll(() => pageFor(number, 1)?.status, { timeout: withinMs }).toBe("resolved");
    expect(pageFor(number, 2)).toBeUndefined();
  });

  test("says by hand how to reach whom nobody can page, and tells the asker when no answer comes", async () => {
    const { sasha } = world;
    const { number, channel } = await declare(sasha, "letters went to the wrong people --severity sev3");
    await sasha.command(channel.id, "/crai escalate legal");
    const shown = textOf(await callMessage(sasha, channel, /Legal Counsel/));
    expect(shown).toContain("legal@credit-risk-ai.example.com");
    expect(shown).toContain("not by crai: by hand only");

    await isDue(`incident:${number}:call:1`);
    const told = textOf(await callMessage(sasha, channel, /Legal Counsel.* has not answered/));
    expect(told).toContain("<@U0SASHA>");
    expect(told).toContain("Call Primary on-call");
  });

  test("refuses who is called already, who is not there, and what is no incident", async () => {
    const { sasha } = world;
    const { channel } = await declare(sasha, "drift alarms do not stop --severity sev4");
    await sasha.command(channel.id, "/crai escalate compliance");
    await callMessage(sasha, channel, /Compliance Team/);
    expect(await ask(sasha, channel.id, "/crai escalate compliance")).toContain(
      "Compliance Team is called already",
    );
    expect(await ask(sasha, channel.id, "/crai escalate priamry")).toContain("There is nobody");
    expect(await ask(sasha, channel.id, "/crai escalate team")).toContain("may be several");
    expect(await ask(sasha, channel.id, "/crai escalate --taken 7")).toContain("There is no call 7");
    expect(await ask(sasha, teamChannel, "/crai escalate legal")).toContain("Which incident?");
  });

  test("waits for a PagerDuty that is away, and says so until it has taken the page", async () => {
    const { sasha, sandbox } = world;
    const { number, channel } = await declare(sasha, "reports are late --severity sev3");
    sandbox.pager.faults.set({ down: true });
    await sasha.command(channel.id, "/crai escalate ml");
    await callMessage(sasha, channel, /ML Engineering.*PagerDuty is asked to page them/s);
    sandbox.pager.faults.set({ down: false });
    expect((await paged(number, 1)).assignees.map(({ user }) => user.name)).toEqual(["Alex"]);
    await callMessage(sasha, channel, /ML Engineering.*PagerDuty pages them/s);
  });
});

describe("what PagerDuty cannot do", { timeout: storyTimeout }, () => {
  test("is said with its reason, and people are told how to do it by hand", async () => {
    const { sasha } = world;
    const { number, channel } = await declare(sasha, "disk fills --app postgres --severity sev3");
    await sasha.command(channel.id, "/crai escalate primary");
    const shown = textOf(await callMessage(sasha, channel, /not paged: PagerDuty says.*Service not found/s));
    expect(shown).toContain("sre@credit-risk-ai.example.com");
    const entries = await entriesOf(world, number);
    expect(entries.map(({ fact }) => fact)).toContainEqual(
      expect.objectContaining({
        kind: "escalation.paged",
        why: expect.stringContaining("Service not found"),
      }),
    );
  });

  test("a schedule that is not there falls back to the contact in Slack, and that is said", async () => {
    const { robin, sasha } = world;
    const { channel } = await declare(sasha, "scores drift --severity sev3");
    await sasha.command(channel.id, "/crai escalate platform");
    const shown = textOf(await callMessage(robin, channel, /Platform Team/));
    expect(shown).toContain("<@U0ROBIN>");
    expect(shown).toMatch(/nobody is on call in PNOWHERE.*not known to PagerDuty/s);
  });
});

describe("what PagerDuty holds", { timeout: storyTimeout }, () => {
  test("is escalated by PagerDuty, and nobody is called twice", async () => {
    const { sasha } = world;
    const { number } = await declare(sasha, "cache is cold --app redis --severity sev1");
    await world.db
      .updateTable("incident")
      .set({ pagerduty_incident: "QHELD" })
      .where("number", "=", number)
      .execute();
    const key = `incident:${number}:escalation:1:sev1`;
    await isDue(key);
    async function isHandled(): Promise<boolean> {
      const row = await world.db
        .selectFrom("deadline")
        .select("done_at")
        .where("key", "=", key)
        .executeTakeFirst();
      return row?.done_at instanceof Date;
    }
    await expect.poll(isHandled, { timeout: withinMs }).toBe(true);
    expect(await facts(number)).toEqual([]);
  });
});

describe("a breach", { timeout: storyTimeout }, () => {
  test("calls people in without a word of what it is about, and only when somebody in it says so", async () => {
    const { alex, robin } = world;
    const { number, channel } = await declare(
      alex,
      "scores were sold --kind breach --severity sev1 --app api",
    );
    await isDue(`incident:${number}:escalation:1:sev1`);
    await alex.command(channel.id, '/crai escalate primary --reason "the export job"');
    const page = await paged(number, 1);
    expect(page.title).toBe(`You are called into ${channel.name}`);
    expect(page.details).not.toMatch(/scores|export|Alex|Primary/);
    await callMessage(robin, channel, /Primary on-call.*PagerDuty pages them/s);
    expect(await facts(number)).toEqual(["escalation.called", "escalation.paged"]);

    await isDue(`incident:${number}:call:1`);
    const told = textOf(await callMessage(alex, channel, /Primary on-call.* has not answered/));
    expect(told).toContain("[Call Secondary on-call]");
    expect(pageFor(number, 2)).toBeUndefined();
  });
});

describe("whom one calls", { timeout: storyTimeout }, () => {
  test("is listed with the chain as it is now and how else they are reached", async () => {
    const shown = await ask(world.robin, teamChannel, "/crai oncall api");
    expect(shown).toMatch(/1\. \*Primary on-call\*: Robin · PagerDuty/);
    expect(shown).toMatch(/2\. \*Secondary on-call\*: Sasha · \+49 30 901820/);
    expect(shown).toMatch(/3\. \*Escalation manager\*: Alex · PagerDuty/);
    expect(shown).toMatch(/Legal Counsel\*: legal@credit-risk-ai.example.com/);
  });

  test("is in a security incident's channel by its kind, as crai.yaml says", async () => {
    const { alex, robin } = world;
    const { channel } = await declare(alex, "token in a public repository --kind security");
    async function isIn(): Promise<boolean> {
      return (await robin.channels()).some(({ id, is_member: isMember }) => id === channel.id && isMember);
    }
    await expect.poll(isIn, { timeout: withinMs }).toBe(true);
  });

  test("is in a breach's channel by its kind, and who is not in Slack is named there", async () => {
    const { alex } = world;
    const { channel } = await declare(alex, "customer table read by a stranger --kind breach");
    const told = textOf(await callMessage(alex, channel, /To be informed by hand/));
    expect(told).toContain("Legal Counsel");
  });
});
