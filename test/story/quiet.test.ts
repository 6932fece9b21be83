import { beforeAll, describe, expect, test } from "vitest";
import { readStream } from "../../src/store/timeline.ts";
import { openDeliveries } from "../../src/store/inbox.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { alertmanagerBody, post, type SentAlert } from "../support/webhooks.ts";
import { incidentChannel, pace, storyTimeout } from "./story.ts";

const about = { app: "api", namespace: "credit-risk-ai" };
let world: World;

beforeAll(async () => {
  world = await startWorld({ pace });
  return () => world.close();
}, storyTimeout);

async function tell(...alerts: SentAlert[]): Promise<void> {
  const { status, text } = await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody(alerts));
  expect({ status, text }).toMatchObject({ status: 202 });
  await expect.poll(() => openDeliveries(world.db), { timeout: withinMs }).toEqual([]);
}

/** It is time for the digest. */
async function digestIsDue(): Promise<void> {
  await world.db
    .updateTable("deadline")
    .set({ due_at: new Date() })
    .where("key", "=", "alerts:digest")
    .execute();
}

describe("what wakes nobody", { timeout: storyTimeout }, () => {
  const labels = { ...about, alertname: "ModelRetrained", severity: "info" };

  test("info alerts are told once a day, in one message of the app's channel", async () => {
    await tell({ labels }, { labels: { ...labels, pod: "b" } });
    await tell({ labels: { ...about, alertname: "BackupDone", severity: "info" }, status: "resolved" });
    expect((await world.robin.history(teamChannel)).map(textOf).join()).not.toContain("ModelRetrained");

    await digestIsDue();

    const told = textOf(
      await world.robin.waitForMessage(teamChannel, /3 info alerts since the last digest/, { withinMs }),
    );
    expect(told).toMatch(/api.+ModelRetrained.+2.+firing/s);
    expect(told).toMatch(/api.+BackupDone.+1.+over/s);
  });

  test("nothing new is no digest, and the next one is at nine", async () => {
    async function due(): Promise<Date> {
      const { due_at: at } = await world.db
        .selectFrom("deadline")
        .select("due_at")
        .where("key", "=", "alerts:digest")
        .executeTakeFirstOrThrow();
      return at;
    }
    await digestIsDue();
    await expect
      .poll(async () => (await due()).getTime() - Date.now(), { timeout: withinMs })
      .toBeGreaterThan(0);
    expect((await due()).toISOString()).toMatch(/T09:00:00\.000Z$/);
    const posts = await world.db
      .selectFrom("outbox")
      .select("key")
      .where("key", "like", "digest:%")
      .execute();
    expect(posts).toHaveLength(1);
  });

  test("a warning is one message of the app's channel, edited as it repeats and ends", async () => {
    const warning = {
      labels: { ...about, alertname: "HighLatency", severity: "warning" },
      startsAt: new Date(),
    };
    await tell(warning);
    const first = await world.robin.waitForMessage(teamChannel, /api: HighLatency/, { withinMs });
    await tell(warning);
    await tell({ ...warning, status: "resolved" });
    const last = await world.robin.waitForMessage(teamChannel, /🟢.*api: HighLatency.*resolved/s, {
      withinMs,
    });
    expect(last.ts).toBe(first.ts);
  });
});

describe("a warning", { timeout: storyTimeout }, () => {
  const labels = { ...about, alertname: "ModelDrift", severity: "warning" };

  /** The hour that somebody has for taking these is over. */
  async function hourIsOver(title: string): Promise<number> {
    const { id } = await world.db
      .selectFrom("alert")
      .select("id")
      .where("title", "=", title)
      .executeTakeFirstOrThrow();
    await world.db
      .updateTable("deadline")
      .set({ due_at: new Date() })
      .where("key", "=", `alert:${id}:assign`)
      .execute();
    return id;
  }

  test("belongs to whoever takes it, and everybody sees who that is", async () => {
    await tell({ labels, startsAt: new Date() });
    const shown = await world.robin.waitForMessage(teamChannel, /api: ModelDrift.*\[I take it\]/s, {
      withinMs,
    });
    await world.robin.press(shown, "I take it");
    await world.sasha.waitForMessage(teamChannel, /ModelDrift.*taken by <@U0ROBIN>/s, { withinMs });
    const id = await hourIsOver("ModelDrift");

    expect(await ask(world.robin, teamChannel, `/crai take A${id}`)).toContain("ModelDrift is yours already");
    expect(await ask(world.noor, teamChannel, `/crai take A${id}`)).toContain("may not");
    expect(await ask(world.sasha, teamChannel, `/crai take A${id}`)).toContain("is yours now");
    await world.robin.waitForMessage(teamChannel, /ModelDrift.*taken by <@U0SASHA>/s, { withinMs });
    const messages = (await world.robin.history(teamChannel)).map(textOf).join("\n");
    expect(messages).not.toContain("Nobody has taken");
    const entries = await readStream(world.db, "crai");
    expect(entries.map(({ fact }) => fact)).toMatchObject([
      { kind: "alert.taken", title: "ModelDrift", from: null },
      { kind: "alert.taken", title: "ModelDrift", from: "Robin" },
    ]);
  });

  test("that nobody takes for an hour is told to the app's owner, together with those of the same hour", async () => {
    const begun = new Date(Date.now() - 3_590_000);
    await tell(
      { labels: { ...labels, alertname: "HighCpuUsage" }, startsAt: begun },
      { labels: { ...labels, alertname: "HighCarbonFootprint" }, startsAt: begun },
    );
    await hourIsOver("HighCpuUsage");
    const told = await world.robin.waitForMessage(teamChannel, /nobody has taken 2 warnings for 1h/, {
      withinMs,
    });
    expect(textOf(told)).toContain("<@U0ALEX>");
    expect(textOf(told)).toMatch(/HighCpuUsage.*HighCarbonFootprint/s);

    await hourIsOver("HighCarbonFootprint");
    expect(await ask(world.robin, teamChannel, "/crai take A99999")).toContain("There is no warning A99999");
    const again = (await world.robin.history(teamChannel)).filter((message) =>
      /nobody has taken/.test(textOf(message)),
    );
    expect(again).toHaveLength(1);
  });
});

describe("one alert that cannot be taken", { timeout: storyTimeout }, () => {
  test("keeps none of its delivery back", async () => {
    const critical = { ...about, severity: "critical" };
    const alerts = [
      { labels: { ...critical, alertname: "FromTheStoneAge" }, startsAt: new Date(-3e14) },
      { labels: { ...critical, alertname: "HighErrorRate" } },
    ];
    await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody(alerts));

    const channel = await incidentChannel(world.robin, "api");

    expect(channel.name).toContain("higherrorrate");
    expect(world.log()).toContain("an alert could not be taken");
    const [row] = await world.db
      .selectFrom("alert")
      .select("received")
      .where("title", "=", "HighErrorRate")
      .execute();
    expect(row).toEqual({ received: 1 });
  });
});
