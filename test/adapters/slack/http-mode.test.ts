import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { people, slack as seed, team } from "../../../sandbox/seed.ts";
import { channels, invocations, newSlack, received, startDatabase, startWorkspace } from "./setup.ts";

async function startHttp() {
  const db = await startDatabase();
  const office = await startWorkspace();
  const settings = { appToken: null, signingSecret: seed.signingSecret };
  const { slack, lines } = newSlack({ db, apiUrl: office.apiUrl, settings });
  const server = createServer((req, res) => slack.http!(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const requestUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  await slack.start();
  office.workspace.setRequestUrl(requestUrl);
  return { ...office, db, slack, lines, requestUrl };
}

interface Request {
  body: string;
  secret?: string;
  /** s from now. */
  skew?: number;
  type?: string;
}

async function post(
  url: string,
  { body, secret = seed.signingSecret, skew = 0, type }: Request,
): Promise<number> {
  const stamp = String(Math.floor(Date.now() / 1000) + skew);
  const signature = createHmac("sha256", secret).update(`v0:${stamp}:${body}`).digest("hex");
  const { status } = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": type ?? "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": stamp,
      "x-slack-signature": `v0=${signature}`,
    },
  });
  return status;
}

const command = new URLSearchParams({
  command: "/crai",
  text: "status",
  team_id: team.id,
  user_id: people.robin.slack,
  user_name: "robin",
  channel_id: channels.api,
  trigger_id: "1.2.3",
  response_url: "https://hooks.slack.com/commands/1/2/3",
}).toString();

test("by signed HTTP everything works as by Socket Mode", async () => {
  const office = await startHttp();

  expect(office.slack.state()).toMatchObject({ mode: "http", connected: true });
  expect(await office.robin.command(channels.api, "/crai status")).toEqual({ outcome: "delivered" });
  await office.robin.say(channels.api, "<@U0CRAI> runs");

  await vi.waitFor(async () =>
    expect((await invocations(office.db)).map(({ text }) => text)).toEqual(["status", "runs"]),
  );
});

describe("a request", () => {
  test.each([
    ["with another secret's signature", { body: command, secret: "wrong" }, 401],
    ["of six minutes ago", { body: command, skew: -360 }, 401],
    ["dated six minutes ahead", { body: command, skew: 360 }, 401],
    ["that is no JSON", { body: "{", type: "application/json" }, 400],
    ["of more than 1 MB", { body: `${command}&x=${"x".repeat(1024 * 1024)}` }, 413],
  ])("%s is refused and leaves nothing", async (_, request, status) => {
    const { requestUrl, db } = await startHttp();

    expect(await post(requestUrl, request)).toBe(status);
    expect(await received(db)).toEqual([]);
  });

  test("without a signature is refused", async () => {
    const { requestUrl, db } = await startHttp();

    expect((await fetch(requestUrl, { method: "POST", body: command })).status).toBe(401);
    expect(await received(db)).toEqual([]);
  });

  test("to another path is not found", async () => {
    const { requestUrl } = await startHttp();

    expect(await post(`${requestUrl}/else`, { body: command })).toBe(404);
  });

  test("case 38: that is replayed is one command", async () => {
    const { requestUrl, db } = await startHttp();

    expect(await post(requestUrl, { body: command })).toBe(200);
    expect(await post(requestUrl, { body: command })).toBe(200);

    expect(await invocations(db)).toHaveLength(1);
  });

  test("from another workspace is none of ours", async () => {
    const { requestUrl, db } = await startHttp();
    const foreign = new URLSearchParams(command);
    foreign.set("team_id", "T0OTHER");

    expect(await post(requestUrl, { body: foreign.toString() })).toBe(200);
    expect(await received(db)).toEqual([]);
  });

  test("of a bot is ignored, a mention by a person of another workspace too", async () => {
    const { requestUrl, db } = await startHttp();
    const mention = { type: "app_mention", text: "<@U0CRAI> runs", channel: channels.api, event_ts: "1.1" };
    const events = [
      { ...mention, ts: "1.000001", user: "U0BOT", bot_id: "B0BOT", team: team.id },
      { ...mention, ts: "1.000002", user: "U0ELSE", team: "T0OTHER" },
      { ...mention, ts: "1.000003", user: people.robin.slack, team: team.id },
    ];
    for (const [index, event] of events.entries()) {
      const body = JSON.stringify({
        type: "event_callback",
        team_id: team.id,
        event_id: `Ev${index}`,
        event,
      });
      expect(await post(requestUrl, { body, type: "application/json" })).toBe(200);
    }

    expect(await invocations(db)).toMatchObject([{ id: `mention:${channels.api}:1.000003` }]);
  });
});

test("before Slack has said who crai is, requests are to come again", async () => {
  const db = await startDatabase();
  const office = await startWorkspace();
  office.workspace.faults.set({ down: true });
  const settings = { appToken: null, signingSecret: seed.signingSecret };
  const { slack } = newSlack({ db, apiUrl: office.apiUrl, settings });
  await slack.start();
  const server = createServer((req, res) => slack.http!(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;

  expect(slack.state()).toMatchObject({ connected: false });
  expect(await post(url, { body: command })).toBe(503);
  office.workspace.faults.clear();

  await vi.waitFor(async () => expect(await post(url, { body: command })).toBe(200));
  expect(await invocations(db)).toHaveLength(1);
});
