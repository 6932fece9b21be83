import { describe, expect, test, vi } from "vitest";
import { channels, invocations, newSlack, startAll, startDatabase, startWorkspace } from "./setup.ts";

describe("the connection to Slack", () => {
  test("is told only while a socket is open, and is two sockets", async () => {
    const db = await startDatabase();
    const office = await startWorkspace();
    const { slack } = newSlack({ db, apiUrl: office.apiUrl });
    expect(slack.state()).toMatchObject({ mode: "socket", connected: false });

    await slack.start();

    expect(slack.state()).toMatchObject({ connected: true, since: expect.any(Date) as Date, why: null });
    await vi.waitFor(() => expect(office.workspace.connections()).toBe(2));
  });

  test("is closed when stop has returned", async () => {
    const office = await startAll();
    await vi.waitFor(() => expect(office.workspace.connections()).toBe(2));

    await office.slack.stop();

    expect(office.slack.state()).toMatchObject({ connected: false });
    await vi.waitFor(() => expect(office.workspace.connections()).toBe(0));
  });

  test("is back at once after Slack's planned disconnect", async () => {
    const office = await startAll();
    await vi.waitFor(() => expect(office.workspace.connections()).toBe(2));

    office.workspace.refreshConnections();

    await vi.waitFor(() => expect(office.workspace.connections()).toBe(2), 4000);
    expect(await office.robin.command(channels.api, "/crai status")).toEqual({ outcome: "delivered" });
  });

  test("is back after an outage, however Slack answered meanwhile", async () => {
    const office = await startAll();
    await vi.waitFor(() => expect(office.workspace.connections()).toBe(2));
    office.workspace.faults.set({ dropSocket: true, error: "invalid_auth" });
    await vi.waitFor(
      () => expect(office.slack.state()).toMatchObject({ connected: false, why: /invalid_auth/ }),
      5000,
    );
    office.workspace.faults.set({ error: null, status: 500 });
    await vi.waitFor(() => expect(office.slack.state()).toMatchObject({ why: /HTTP 500/ }), 10_000);

    office.workspace.faults.clear();

    await vi.waitFor(
      () => expect(office.slack.state()).toMatchObject({ connected: true, why: null }),
      15_000,
    );
    await office.robin.command(channels.api, "/crai status");
    expect(await invocations(office.db)).toHaveLength(1);
  });

  test("comes later when Slack is down at the start, and what is to be said waits", async () => {
    const db = await startDatabase();
    const office = await startWorkspace();
    office.workspace.faults.set({ down: true });
    const { slack } = newSlack({ db, apiUrl: office.apiUrl });

    await slack.start();
    expect(slack.state()).toMatchObject({ connected: false });
    office.workspace.faults.clear();

    await vi.waitFor(() => expect(slack.state()).toMatchObject({ connected: true }), 10_000);
  });

  test.each([
    ["SLACK_BOT_TOKEN", { botToken: "xoxb-wrong" }],
    ["SLACK_APP_TOKEN", { appToken: "xapp-wrong" }],
  ])("with a wrong %s is refused at the start, saying where to get it", async (name, settings) => {
    const db = await startDatabase();
    const office = await startWorkspace();
    const { slack } = newSlack({ db, apiUrl: office.apiUrl, settings });

    await expect(slack.start()).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringContaining(name) as string,
      next: expect.stringContaining("api.slack.com/apps") as string,
    });
  });
});
