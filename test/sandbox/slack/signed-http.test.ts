import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { readBody } from "../../../sandbox/slack/http.ts";
import { person } from "../../support/person.ts";
import { httpApp, startWorkspace } from "./setup.ts";

const api = "C0API";

test("commands, buttons and events reach Bolt's HTTP receiver, which finds their signature good", async () => {
  const { workspace, url, apiUrl } = await startWorkspace();
  const heard: string[] = [];
  workspace.setRequestUrl(
    await httpApp(apiUrl, (app) => {
      app.command("/crai", async ({ ack, command }) => {
        heard.push(`command ${command.text} by ${command.user_name} in ${command.channel_name}`);
        await ack({
          text: "Roll back?",
          blocks: [
            {
              type: "actions",
              block_id: "ask",
              elements: [
                {
                  type: "button",
                  action_id: "confirm",
                  value: "42",
                  text: { type: "plain_text", text: "Confirm" },
                },
              ],
            },
          ],
        });
      });
      app.action("confirm", async ({ ack, action, respond }) => {
        await ack();
        heard.push(`button ${"value" in action ? action.value : ""}`);
        await respond({ replace_original: true, text: "Rolling back" });
      });
      app.event("app_mention", async ({ event }) => {
        heard.push(`mention ${event.text}`);
      });
    }),
  );
  const robin = person(url, people.robin.slack);

  expect(await robin.command(api, "/crai rollback api")).toEqual({ outcome: "delivered" });
  const [question] = await robin.ephemerals(api);
  expect(await robin.press(question!, "Confirm")).toEqual({ outcome: "delivered" });
  await robin.waitForMessage(api, /^Rolling back$/);
  await robin.say(api, "@crai status");

  await expect
    .poll(() => heard)
    .toEqual([
      "command rollback api by robin in team-api",
      "button 42",
      `mention <@${slack.bot.user}> status`,
    ]);
});

interface Received {
  kind: "command" | "event";
  retry: string | undefined;
  reason: string | undefined;
  body: string;
}

/** An app that answers as told, and keeps what it was sent. */
async function answering(
  answer: (
    req: IncomingMessage,
    count: number,
  ) => { status: number; headers?: Record<string, string> } | null,
) {
  const received: Received[] = [];
  async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = (await readBody(req)).toString("utf8");
    const { "x-slack-retry-num": retry, "x-slack-retry-reason": reason } = req.headers;
    const kind = body.startsWith("{") ? "event" : "command";
    received.push({ kind, retry: retry?.toString(), reason: reason?.toString(), body });
    const said = answer(req, received.length);
    if (said !== null) res.writeHead(said.status, said.headers).end();
  }
  const server = createServer((req, res) => void take(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events` };
}

/** Long enough that a busy machine makes no answer late that is not meant to be. */
const timings = { ackMs: 2000, eventRetriesMs: [0, 10, 20] };

test("an event answered with 500 comes again three times, saying the how-manieth and why", async () => {
  const { workspace, url } = await startWorkspace({ timings });
  const app = await answering(() => ({ status: 500 }));
  workspace.setRequestUrl(app.url);

  await person(url, people.robin.slack).say(api, "hello");

  await expect.poll(() => app.received.length).toBe(4);
  expect(app.received.map(({ retry, reason }) => [retry, reason])).toEqual([
    [undefined, undefined],
    ["1", "http_error"],
    ["2", "http_error"],
    ["3", "http_error"],
  ]);
  expect(
    new Set(app.received.map(({ body }) => (JSON.parse(body) as { event_id: string }).event_id)).size,
  ).toBe(1);
});

test("an event answered too late comes again for http_timeout; X-Slack-No-Retry stops it", async () => {
  const { workspace, url } = await startWorkspace({ timings });
  const app = await answering((_req, count) =>
    count === 1 ? null : { status: 500, headers: { "x-slack-no-retry": "1" } },
  );
  workspace.setRequestUrl(app.url);
  const robin = person(url, people.robin.slack);

  await robin.say(api, "hello");
  await expect.poll(() => app.received.length).toBe(2);
  expect(app.received[1]).toMatchObject({ retry: "1", reason: "http_timeout" });

  // A later message is the next thing the app hears: no third attempt of the first came between.
  await robin.say(api, "later");
  await expect.poll(() => app.received.length).toBe(3);
  expect(app.received[2]!.body).toContain("later");
});

test("a command answered with 500, late, or by nobody fails once and is not repeated", async () => {
  const { workspace, url } = await startWorkspace({ timings });
  const app = await answering((_req, count) => (count === 1 ? { status: 500 } : null));
  workspace.setRequestUrl(app.url);
  const robin = person(url, people.robin.slack);

  expect(await robin.command(api, "/crai one")).toMatchObject({ outcome: "dispatch_failed" });
  expect(await robin.command(api, "/crai two")).toMatchObject({ outcome: "operation_timeout" });
  workspace.setRequestUrl("http://127.0.0.1:1/slack/events");
  expect(await robin.command(api, "/crai three")).toMatchObject({ outcome: "dispatch_failed" });

  expect(app.received.filter(({ kind }) => kind === "command")).toHaveLength(2);
});
