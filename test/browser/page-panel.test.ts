import { describe, expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { executable, message, soon, useDesk } from "./desk.ts";

const desk = useDesk();

const bad = { app: "api", tag: "v1.2.0-errors", kind: "errors", ready: 3, desired: 3 } as const;
const good = { app: "api", tag: "v1.1.9", kind: "good", ready: 3, desired: 3 } as const;

describe.skipIf(executable === undefined)("the panel beside the workspace (skipped: no chromium)", () => {
  test("sends what a person breaks, and says what came of it", async () => {
    const { url, panel } = await desk.start();
    const page = await desk.open(url);
    const drawer = page.getByRole("complementary", { name: "Break things" });

    await drawer.getByText("Slow", { exact: true }).first().click();
    await drawer.getByRole("button", { name: "Ship a bad release" }).click();
    await page.getByRole("status").filter({ hasText: "Done: ship-release." }).waitFor();
    await drawer.getByRole("button", { name: "API server: Down" }).click();
    await drawer.getByLabel("Alerts in the storm").selectOption("5000");
    await drawer.getByRole("button", { name: "Fire an alert storm" }).click();
    await drawer.getByRole("button", { name: "kill -9" }).click();

    await expect
      .poll(() => panel.commands, soon)
      .toEqual([
        { command: "ship-release", kind: "slow", app: "api" },
        { command: "fault", system: "kubernetes", mode: "down" },
        { command: "alert-storm", count: 5000 },
        { command: "kill-crai" },
      ]);
  });

  test("follows what happens: metrics, releases, faults, crai", async () => {
    const { url, panel } = await desk.start();
    const page = await desk.open(url);
    const drawer = page.getByRole("complementary", { name: "Break things" });
    await drawer.getByText("v1.1.9").waitFor();

    const now = { errorRate: 0.183, p95Ms: null, requestsPerSecond: 120, cpuCores: 1, memoryBytes: 1 };
    panel.show({
      releases: [bad],
      metrics: [{ app: "api", now, history: [{ at: 0, errorRate: 0.1, p95Ms: null }] }],
      faults: {
        slack: { mode: "down", delayMs: 0 },
        pagerduty: { mode: "ok", delayMs: 0 },
        kubernetes: { mode: "ok", delayMs: 0 },
      },
      crai: { state: "waiting-to-restart", pid: null, restarts: 2, since: "", reason: "It was killed." },
    });

    await drawer.getByText("v1.2.0-errors").waitFor();
    await drawer.getByRole("img", { name: "Error rate: 18.3 %" }).waitFor();
    await drawer.getByRole("img", { name: "P95: no data" }).waitFor();
    expect(await drawer.getByRole("button", { name: "Slack: Down" }).getAttribute("aria-pressed")).toBe(
      "true",
    );
    expect(await drawer.getByRole("region", { name: "crai", exact: true }).innerText()).toMatch(
      /Waiting to restart.*2 restarts.*It was killed\./s,
    );
    expect(await drawer.getByRole("button", { name: "kill -9" }).count()).toBe(0);
  });

  test("acknowledges and resolves in the pager as the person one is", async () => {
    const { url, panel } = await desk.start();
    panel.show({
      pagerIncidents: [
        {
          id: "PINC1",
          number: 7,
          title: "api: errors",
          status: "triggered",
          urgency: "high",
          service: "api",
          assignees: ["Robin"],
          createdAt: "2026-11-22T12:00:00Z",
          notes: [],
        },
      ],
    });
    const page = await desk.open(url, { path: `/?as=${people.alex.slack}` });
    const card = page.getByRole("article", { name: "api: errors" });
    await card.getByRole("button", { name: "Acknowledge" }).click();
    await card.getByRole("button", { name: "Resolve" }).click();
    await expect
      .poll(() => panel.commands, soon)
      .toEqual([
        { command: "acknowledge-incident", incident: "PINC1", person: people.alex.slack },
        { command: "resolve-incident", incident: "PINC1", person: people.alex.slack },
      ]);
  });

  test("leads a newcomer through an incident, ticking off each step when it has happened", async () => {
    const { url, panel, app } = await desk.start({ app: () => undefined });
    const page = await desk.open(url);
    const guide = page.getByRole("region", { name: "Guide" });
    const done = guide.getByRole("img", { name: "Done" });
    expect(await done.count()).toBe(0);

    await guide.getByRole("button", { name: "Ship it" }).click();
    await expect.poll(() => panel.commands, soon).toEqual([{ command: "ship-release", kind: "errors" }]);
    panel.show({ releases: [bad] });
    await expect.poll(() => done.count(), soon).toBe(1);

    const { channel } = await app.client.conversations.create({ name: "inc-0001-api" });
    const id = channel!.id!;
    await app.client.conversations.invite({ channel: id, users: people.robin.slack });
    await guide.getByRole("button", { name: "#inc-0001-api" }).click();
    await expect.poll(() => done.count(), soon).toBe(2);

    panel.show({ releases: [good] });
    await expect.poll(() => done.count(), soon).toBe(3);

    await app.client.filesUploadV2({ channel_id: id, filename: "post-mortem-0001.md", content: "# 1" });
    await message(page, "post-mortem-0001.md").waitFor();
    await expect.poll(() => done.count(), soon).toBe(4);

    // A second visit knows what was done, and a newcomer may begin again.
    await page.reload();
    await expect.poll(() => done.count(), soon).toBe(4);
    await guide.getByRole("button", { name: "Start over" }).click();
    await expect.poll(() => done.count(), soon).toBe(0);
  });

  test("stays away once it is closed", async () => {
    const { url } = await desk.start();
    const page = await desk.open(url);
    const drawer = page.getByRole("complementary", { name: "Break things" });
    await drawer.getByRole("button", { name: "Close panel" }).click();
    await page.reload();
    await page.getByRole("navigation", { name: "Channels and apps" }).waitFor();
    expect(await drawer.count()).toBe(0);
    await page.getByRole("button", { name: "Break things" }).click();
    await drawer.waitFor();
  });
});
