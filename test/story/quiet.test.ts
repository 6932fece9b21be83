import { beforeAll, describe, expect, test } from "vitest";
import { openDeliveries } from "../../src/store/inbox.ts";
import { startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
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

describe("one alert that cannot be taken", { timeout: storyTimeout }, () => {
  test("keeps none of its delivery back, and does not come again for ever", async () => {
    const critical = { ...about, severity: "critical" };
    await tell(
      { labels: { ...critical, alertname: "FromTheStoneAge" }, startsAt: new Date(-3e14) },
      { labels: { ...critical, alertname: "HighErrorRate" } },
    );

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
