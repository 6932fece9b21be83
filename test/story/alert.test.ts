import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { people } from "../../sandbox/seed.ts";
import { listIncidents } from "../../src/store/incidents.ts";
import { entriesOf, startWorld, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { card, ended, incidentChannel, pace, paged, panel, ship, storyTimeout } from "./story.ts";

let world: World;

describe.each(["alertmanager-first", "pagerduty-first"] as const)(
  "a bad release that is told %s",
  { timeout: storyTimeout },
  (order) => {
    let channel: Channel;

    beforeAll(async () => {
      world = await startWorld({ pace, alerting: { order } });
      await ship(world, "api", "errors");
      channel = await incidentChannel(world.robin, "api");
      return () => world.close();
    }, storyTimeout);

    test("opens one incident with one channel, whoever tells of it", async () => {
      await paged(world, "api", "triggered");
      const told = await card(world.robin, channel.id, /2 alerts firing/);
      expect(textOf(told)).toMatch(/^api in prod: /);
      const open = await listIncidents(world.db, { audience: "everything", limit: 10 });
      expect(open).toHaveLength(1);
      expect(open[0]).toMatchObject({
        app: "api",
        environment: "prod",
        kind: "outage",
        status: "open",
        pagerdutyIncident: world.sandbox.pager.incidents.all[0]!.id,
      });
      const all = await world.robin.channels();
      expect(all.filter(({ name }) => name.startsWith("inc-"))).toHaveLength(1);
    });

    test("invites who is on call, and nobody else", async () => {
      const { members } = await world.robin.call("channel.members", { channel: channel.id });
      expect(members.map(({ id }) => id).sort()).toEqual(["U0CRAI", people.robin.slack]);
    });

    test("pins one card, which is edited and never posted again", async () => {
      await card(world.robin, channel.id, /Confirm/);
      expect(await world.robin.pins(channel.id)).toHaveLength(1);
      const said = (await world.robin.history(channel.id)).filter(({ user }) => user === "U0CRAI");
      expect(said.filter((message) => textOf(message).startsWith("api in prod"))).toHaveLength(1);
    });

    test("finds the fix waiting, planned and untouched", async () => {
      const offer = await card(world.robin, channel.id, /Confirm/);
      expect(textOf(offer)).toMatch(
        /v1\.2\.0-errors shipped \d+m?s? before the first alert\. \*?Roll api-deployment back/,
      );
      expect(textOf(offer)).toContain(
        "sustainable-credit-risk-ai:v1.2.0-errors → sustainable-credit-risk-ai:v1.1.9",
      );
      expect(textOf(offer)).toContain("[Confirm] [See the plan] [Other…]");
      const patches = world.sandbox.cluster.audit.filter(
        ({ verb, user, requestURI }) =>
          verb === "patch" && user.username.includes("crai") && !requestURI.includes("dryRun"),
      );
      expect(patches).toEqual([]);
    });

    test("is acknowledged in PagerDuty by whoever acknowledges it in Slack", async () => {
      await world.robin.press(await card(world.robin, channel.id, /Acknowledge/), "Acknowledge");
      const incident = await paged(world, "api", "acknowledged");
      expect(incident.log.at(-1)).toMatchObject({ agent: { user: { name: "Robin" } } });
      await world.robin.waitForMessage(channel.id, /<@U0ROBIN> acknowledged the incident\./, { withinMs });
    });

    test("is cured with the rights of whoever confirms, and shows that the alerts are over", async () => {
      await world.robin.press(await card(world.robin, channel.id, /Confirm/), "Confirm");
      const run = textOf(await ended(world.robin, channel.id));
      expect(run).toMatch(/^R1 Cured: Roll api-deployment back to revision 3 \(v1\.1\.9\)/);
      expect(run).toMatch(/✓ Error rate 0(\.\d+)? % \(target below 1 %\)/);
      await card(world.robin, channel.id, /2 alerts resolved/);
      const [patch, ...more] = world.sandbox.cluster.audit.filter(
        ({ verb, user, requestURI }) =>
          verb === "patch" && user.username.includes("crai") && !requestURI.includes("dryRun"),
      );
      expect(more).toEqual([]);
      expect(patch!.impersonatedUser?.username).toBe(people.robin.kubernetes.user);
    });

    test("is resolved in Slack, and PagerDuty agrees", async () => {
      await world.robin.command(channel.id, "/crai resolve");
      await card(world.robin, channel.id, /🟢 resolved/);
      await paged(world, "api", "resolved");
      const facts = (await entriesOf(world, 1)).map(({ fact }) => fact.kind);
      expect(facts.filter((kind) => kind === "alert.resolved")).toHaveLength(2);
      expect(facts).toContain("incident.resolved");
    });

    test("was told in at most twelve messages", async () => {
      const said = (await world.robin.history(channel.id)).filter(
        ({ user, is_ephemeral: ephemeral, subtype }) =>
          user === "U0CRAI" && !ephemeral && subtype === undefined,
      );
      expect(said.length).toBeLessThanOrEqual(12);
    });
  },
);

describe("what is done in PagerDuty", { timeout: storyTimeout }, () => {
  let channel: Channel;

  beforeAll(async () => {
    world = await startWorld({ pace });
    await ship(world, "federated", "errors");
    channel = await incidentChannel(world.robin, "federated");
    return () => world.close();
  }, storyTimeout);

  test("shows in Slack with the name of who acknowledged it there", async () => {
    const { id } = await paged(world, "federated", "triggered");
    await panel(world, { command: "acknowledge-incident", incident: id });
    await world.robin.waitForMessage(channel.id, /Robin in PagerDuty acknowledged the incident\./, {
      withinMs,
    });
    await card(world.robin, channel.id, /Acknowledged\*\n.*, Robin in PagerDuty/);
  });

  test("is not said back to PagerDuty", async () => {
    const { log } = await paged(world, "federated", "acknowledged");
    expect(log.filter(({ type }) => type.startsWith("acknowledge"))).toHaveLength(1);
  });

  test("resolves the incident in Slack too", async () => {
    const { id } = await paged(world, "federated", "acknowledged");
    await panel(world, { command: "resolve-incident", incident: id });
    await world.robin.waitForMessage(channel.id, /Robin in PagerDuty resolved the incident\./, { withinMs });
    await card(world.robin, channel.id, /🟢 resolved/);
  });
});

test("somebody without a PagerDuty account leaves a note there", { timeout: storyTimeout }, async () => {
  world = await startWorld({ pace });
  await using _ = { [Symbol.asyncDispose]: () => world.close() };
  await ship(world, "mlflow", "errors");
  const channel = await vi.waitUntil(
    async () => (await world.sasha.channels()).find(({ name }) => /^inc-\d+-mlflow/.test(name)),
    { timeout: withinMs, interval: 100 },
  );
  const { id } = await paged(world, "mlflow", "triggered");

  await world.sasha.call("channel.join", { channel: channel.id });
  await card(world.sasha, channel.id, /Acknowledge/);
  await world.sasha.command(channel.id, "/crai ack");

  await world.sasha.waitForMessage(channel.id, /<@U0SASHA> acknowledged the incident\./, { withinMs });
  await vi.waitFor(
    () =>
      expect(world.sandbox.pager.incidents.find(id)!.notes.map(({ content }) => content)).toEqual([
        "Sasha acknowledged this incident in Slack. They have no PagerDuty account.",
      ]),
    { timeout: withinMs },
  );
  expect(world.sandbox.pager.incidents.find(id)!.status).toBe("triggered");
});

describe("an acknowledgment in Slack", { timeout: storyTimeout }, () => {
  test("is one fact of the timeline, though PagerDuty tells of it too, and one in PagerDuty is another", async () => {
    world = await startWorld({ pace });
    await using _ = { [Symbol.asyncDispose]: () => world.close() };
    await ship(world, "api", "errors");
    const channel = await incidentChannel(world.robin, "api");
    const { id } = await paged(world, "api", "triggered");

    await world.robin.command(channel.id, "/crai ack");
    await paged(world, "api", "acknowledged");
    await world.sandbox.pager.webhooks.idle();
    await heard("incident.acknowledged");

    const told = async () => (await entriesOf(world, 1)).map(({ fact }) => fact);
    expect((await told()).filter(({ kind }) => kind === "incident.acknowledged")).toHaveLength(1);
    expect((await told()).filter(({ kind }) => kind === "pager.changed")).toEqual([]);

    await panel(world, { command: "resolve-incident", incident: id, person: people.alex.slack });
    await world.robin.waitForMessage(channel.id, /Alex in PagerDuty resolved the incident\./, { withinMs });
    expect((await told()).filter(({ kind }) => kind === "pager.changed")).toEqual([
      { kind: "pager.changed", what: "resolved", by: "Alex" },
    ]);
  });

  /** crai has carried out a webhook of PagerDuty's of this type. */
  async function heard(type: string): Promise<void> {
    const what = type.replace("incident.", "");
    await vi.waitFor(
      async () => {
        const rows = await world.db
          .selectFrom("inbox")
          .selectAll()
          .where("source", "=", "pagerduty")
          .execute();
        const done = rows.filter((row) => row.done_at !== null).map(({ body }) => JSON.stringify(body));
        expect(done.some((body) => body.includes(`"what":"${what}"`))).toBe(true);
      },
      { timeout: withinMs },
    );
  }
});
