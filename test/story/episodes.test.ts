import { beforeAll, describe, expect, test } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { listIncidents } from "../../src/store/incidents.ts";
import { ask, entriesOf, startWorld, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { alertmanagerBody, post, type SentAlert } from "../support/webhooks.ts";
import { card, ended, incidentChannel, pace, paged, panel, ship, storyTimeout } from "./story.ts";

let world: World;
let channel: Channel;

const labels = { alertname: "HighErrorRate", severity: "critical", app: "api", namespace: "credit-risk-ai" };

/** What an Alertmanager tells, beside the sandbox's own. */
async function tell(...alerts: SentAlert[]): Promise<void> {
  const { status, text } = await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody(alerts));
  expect({ status, text }).toMatchObject({ status: 202 });
}

async function factsOf(kind: string, incident = 1) {
  return (await entriesOf(world, incident)).map(({ fact }) => fact).filter((fact) => fact.kind === kind);
}

async function messages(): Promise<string[]> {
  const all = await world.robin.history(channel.id);
  return all
    .filter(({ user, is_ephemeral: ephemeral, subtype }) => user === "U0CRAI" && !ephemeral && !subtype)
    .map((message) => textOf(message));
}

describe("an outage that comes back while its incident is mitigated", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    await ship(world, "api", "errors");
    channel = await incidentChannel(world.robin, "api");
    await world.robin.press(await card(world.robin, channel.id, /Confirm/), "Confirm");
    await ended(world.robin, channel.id, "R1");
    await card(world.robin, channel.id, /2 alerts resolved/);
    await world.robin.press(await card(world.robin, channel.id, /Mitigate/), "Mitigate");
    await card(world.robin, channel.id, /🟠 mitigated/);
    await ship(world, "api", "errors");
    return () => world.close();
  }, storyTimeout);

  test("opens the same incident again, and says so with a new proposal", async () => {
    const told = await world.robin.waitForMessage(
      channel.id,
      /fires .+ after this was mitigated, so the incident is open again\..*Confirm/s,
      { withinMs },
    );
    expect(textOf(told)).toContain(
      "sustainable-credit-risk-ai:v1.3.0-errors → sustainable-credit-risk-ai:v1.1.9",
    );
    await card(world.robin, channel.id, /🔴 open/);
    expect(await listIncidents(world.db, { audience: "everything", limit: 10 })).toHaveLength(1);
    expect(await factsOf("episode.began")).toMatchObject([{ episode: 2, why: "mitigated" }]);
    expect(await factsOf("incident.reopened")).toHaveLength(1);
  });

  test("is told once, whatever else tells of it", async () => {
    await card(world.robin, channel.id, /2 of 4 alerts firing/);
    expect((await messages()).filter((text) => text.includes("after this was mitigated"))).toHaveLength(1);
    expect(await factsOf("episode.began")).toHaveLength(1);
  });

  test("is cured from that message, within twelve messages", async () => {
    const told = await world.robin.waitForMessage(channel.id, /after this was mitigated.*Confirm/s, {
      withinMs,
    });
    await world.robin.press(told, "Confirm");
    expect(textOf(await ended(world.robin, channel.id, "R2"))).toMatch(/^R2 Cured/);
    await card(world.robin, channel.id, /4 alerts resolved/);
    await world.robin.command(channel.id, "/crai resolve");
    await card(world.robin, channel.id, /🟢 resolved/);
    const all = await messages();
    expect(all.length, all.join("\n---\n")).toBeLessThanOrEqual(12);
  });
});

describe("an outage that comes back while its incident is open", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    await tell({ labels });
    channel = await incidentChannel(world.robin, "api");
    await card(world.robin, channel.id, /1 alert firing/);
    return () => world.close();
  }, storyTimeout);

  /** The newest alert of the record. */
  async function newest() {
    return world.db.selectFrom("alert").selectAll().orderBy("id", "desc").limit(1).executeTakeFirstOrThrow();
  }

  /** It ends, and begins again. */
  async function flap(episode: number): Promise<void> {
    await tell({ labels, status: "resolved", startsAt: (await newest()).starts_at });
    await expect.poll(async () => (await newest()).status, { timeout: withinMs }).toBe("resolved");
    await tell({ labels });
    await expect
      .poll(() => factsOf("episode.began"), { timeout: withinMs })
      .toContainEqual(expect.objectContaining({ episode, why: "over" }));
  }

  test("says that it fires again", async () => {
    await flap(2);
    await world.robin.waitForMessage(channel.id, /HighErrorRate\* fires again, .+ after it was over\./, {
      withinMs,
    });
  });

  test("is edited in one message when it flaps on", async () => {
    for (const episode of [3, 4, 5]) await flap(episode);
    await world.robin.waitForMessage(channel.id, /began 5 times; this message is edited/, {
      withinMs: 60_000,
    });
    expect((await messages()).filter((text) => text.includes("fires again"))).toHaveLength(3);
  });

  test("another critical alert within ten minutes is the same trouble", async () => {
    await tell({ labels: { ...labels, alertname: "APIDown" } });
    await card(world.robin, channel.id, /2 of 6 alerts firing/);
    expect((await messages()).filter((text) => /APIDown\* fires too/.test(text))).toEqual([]);
  });

  test("another one after them is told", async () => {
    await world.db
      .updateTable("incident")
      .set({ episode_at: new Date(Date.now() - 900_000) })
      .execute();
    await tell({ labels: { ...labels, alertname: "DiskFull" } });
    await world.robin.waitForMessage(channel.id, /DiskFull\* fires too\./, { withinMs });
  });
});

describe("what fires on", { timeout: storyTimeout }, () => {
  const since = new Date(Date.now() - 3_600_000);

  beforeAll(async () => {
    world = await startWorld({
      pace,
      configure: (config) => {
        config.deadlines = { ...config.deadlines, stillFiring: "1500ms" };
      },
    });
    await tell({ labels, startsAt: since });
    channel = await incidentChannel(world.robin, "api");
    await card(world.robin, channel.id, /1 alert firing/);
    return () => world.close();
  }, storyTimeout);

  test("is asked about before the incident is resolved", async () => {
    const answer = await ask(world.robin, channel.id, '/crai resolve --reason "all good"');
    expect(answer).toMatch(/is not resolved yet: alerts of it still fire\./);
    expect(answer).toMatch(/HighErrorRate\* from alertmanager, since .+, for 1h/);
    expect((await listIncidents(world.db, { audience: "everything", limit: 1 }))[0]!.status).toBe("open");
  });

  test("is recorded with the resolution of who wants it all the same, and told once more", async () => {
    const question = (await world.robin.ephemerals(channel.id)).at(-1)!;
    await world.robin.press(question, "Resolve all the same");
    const told = await world.robin.waitForMessage(
      channel.id,
      /resolved the incident: all good.*fire all the same.*HighErrorRate/s,
      { withinMs },
    );
    expect(await factsOf("incident.resolved")).toMatchObject([
      { reason: "all good", firing: ["HighErrorRate"] },
    ]);
    const again = await world.robin.waitForMessage(channel.id, /are still firing, .+ after it was resolved/, {
      withinMs,
      after: told.ts,
    });
    expect(await factsOf("alerts.still-firing")).toMatchObject([{ titles: ["HighErrorRate"] }]);
    await tell({ labels, startsAt: since });
    await world.robin.press(again, "Reopen");
    await card(world.robin, channel.id, /🔴 open/);
    expect((await messages()).filter((text) => text.includes("are still firing"))).toHaveLength(1);
  });

  test("says who was first when somebody is late", async () => {
    await world.robin.command(channel.id, "/crai mitigate");
    await card(world.robin, channel.id, /🟠 mitigated/);
    expect(await ask(world.robin, channel.id, "/crai mitigate")).toMatch(
      /is mitigated already\..*Robin did that at \d\d:\d\d UTC, \d+s ago\..*`\/crai resolve` ends it/s,
    );
    await world.robin.command(channel.id, "/crai reopen");
    await card(world.robin, channel.id, /🔴 open/);
    expect(await ask(world.robin, channel.id, "/crai reopen")).toMatch(/is open already\..*Robin did that/s);
  });
});

describe("an alert that is not heard of any more", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({
      pace,
      configure: (config) => {
        config.deadlines = { ...config.deadlines, silence: "3s" };
      },
    });
    await tell({ labels });
    channel = await incidentChannel(world.robin, "api");
    return () => world.close();
  }, storyTimeout);

  test("is not heard since then, and never resolved", async () => {
    const told = await card(world.robin, channel.id, /not heard since/);
    expect(textOf(told)).not.toMatch(/alerts? resolved/);
    expect(await factsOf("alert.silent")).toMatchObject([{ title: "HighErrorRate" }]);
    expect(await factsOf("alert.resolved")).toEqual([]);
  });

  test("fires again as soon as it is repeated", async () => {
    const { starts_at: startsAt } = await world.db
      .selectFrom("alert")
      .select("starts_at")
      .executeTakeFirstOrThrow();
    await tell({ labels, startsAt });
    await card(world.robin, channel.id, /1 alert firing/);
  });

  test("is asked of PagerDuty where that told of it", async () => {
    await ship(world, "federated", "errors");
    const other = await incidentChannel(world.robin, "federated");
    const { id } = await paged(world, "federated", "triggered");
    await expect.poll(() => statusOf(id), { timeout: withinMs }).toBe("firing");
    // PagerDuty has given crai up for a day, as it does after three refusals.
    for (const subscription of world.sandbox.pager.webhooks.subscriptions.values())
      subscription.active = false;
    await panel(world, { command: "resolve-incident", incident: id });
    await expect.poll(() => statusOf(id), { timeout: withinMs }).toBe("resolved");
    const [incident] = await listIncidents(world.db, { audience: "everything", limit: 1 });
    expect(incident).toMatchObject({ channel: other.id, status: "open" });
    expect(await factsOf("alert.resolved", incident!.number)).toContainEqual(
      expect.objectContaining({ source: "pagerduty", fingerprint: id }),
    );
  });

  async function statusOf(fingerprint: string): Promise<string | undefined> {
    const row = await world.db
      .selectFrom("alert")
      .select("status")
      .where("fingerprint", "=", fingerprint)
      .executeTakeFirst();
    return row?.status;
  }
});
