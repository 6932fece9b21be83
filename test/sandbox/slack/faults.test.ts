// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import { webApi } from "@slack/bolt";
import { expect, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { person } from "../../support/person.ts";
import { textOf } from "../../support/slack-text.ts";
import { socketModeApp, startWorkspace, webClient } from "./setup.ts";

const api = "C0API";

test("past a burst, posts to one channel are limited, and the SDK waits as long as Retry-After says", async () => {
  let now = Date.now();
  const { apiUrl, workspace } = await startWorkspace({ now: () => now });
  const client = webClient(apiUrl);
  for (const count of Array(10).keys()) await client.chat.postMessage({ channel: api, text: String(count) });

  const eleventh = client.chat.postMessage({ channel: api, text: "11" });
  await expect(eleventh).rejects.toMatchObject({ retryAfter: 1 });
  expect(await client.chat.postMessage({ channel: "C0INCIDENTS", text: "elsewhere" })).toMatchObject({
    ok: true,
  });

  // The SDK's own patience: it comes back after the second it was told to wait.
  const patient = new webApi.WebClient(slack.bot.token, { slackApiUrl: apiUrl });
  const answers: unknown[] = [];
  workspace.onRequest("chat.postMessage", "received", () => {
    answers.push(now);
    if (answers.length === 2) now += 1000;
  });
  expect(await patient.chat.postMessage({ channel: api, text: "12" })).toMatchObject({ ok: true });
  expect(answers).toHaveLength(2);
});

test("a method has its tier's calls a minute, then more as time goes by; limits can be switched off", async () => {
  let now = Date.now();
  const { apiUrl, workspace } = await startWorkspace({ now: () => now });
  const client = webClient(apiUrl);
  const call = () => client.users.list({});
  for (const _ of Array(20)) await call();

  await expect(call()).rejects.toMatchObject({ retryAfter: 3 });
  now += 3000;
  await call();
  await expect(call()).rejects.toMatchObject({ retryAfter: 3 });
  workspace.setRateLimits("off");
  await call();
});

test("with Slack down every call fails and Socket Mode is gone; afterwards the app is back by itself", async () => {
  const { apiUrl, url, workspace } = await startWorkspace();
  const app = socketModeApp(apiUrl, 1000);
  app.command("/crai", ({ ack }) => ack("back"));
  await app.start();
  const robin = person(url, people.robin.slack);

  workspace.faults.set({ down: true });
  await expect(webClient(apiUrl).auth.test()).rejects.toMatchObject({ code: "slack_webapi_request_error" });
  expect(await robin.command(api, "/crai")).toMatchObject({ outcome: "dispatch_failed" });
  workspace.faults.clear();

  await expect.poll(() => workspace.connections(), { timeout: 10_000 }).toBe(1);
  expect(await robin.command(api, "/crai")).toMatchObject({ outcome: "delivered" });
  expect((await robin.history(api)).map(textOf)).toEqual([
    '/crai failed with the error "dispatch_failed"',
    "back",
  ]);
});

test("a lost answer leaves a message that the app can find by its metadata", async () => {
  const { apiUrl, workspace } = await startWorkspace();
  const client = webClient(apiUrl);
  const metadata = { event_type: "crai_outbox", event_payload: { id: "effect-1" } };

  workspace.faults.set({ loseResponses: 1 });
  await expect(client.chat.postMessage({ channel: api, text: "Resolved", metadata })).rejects.toMatchObject({
    code: "slack_webapi_request_error",
  });

  const { messages } = await client.conversations.history({ channel: api, include_all_metadata: true });
  expect(messages!.map((one) => one.metadata)).toEqual([metadata]);
  expect(workspace.faults.get().loseResponses).toBe(0);
});

test("an HTTP status or an error strikes only the methods it is set for, and nothing is done", async () => {
  const { apiUrl, workspace } = await startWorkspace();
  const client = webClient(apiUrl);

  workspace.faults.set({ status: 503, methods: ["chat.postMessage"] });
  await expect(client.chat.postMessage({ channel: api, text: "x" })).rejects.toMatchObject({
    statusCode: 503,
  });
  expect((await client.conversations.history({ channel: api })).messages).toEqual([]);

  workspace.faults.set({ status: null, error: "token_revoked", methods: null });
  await expect(client.auth.test()).rejects.toMatchObject({ data: { error: "token_revoked" } });
});

test("a hook can cut a request before anything is done with it", async () => {
  const { apiUrl, workspace } = await startWorkspace();
  const client = webClient(apiUrl);
  const off = workspace.onRequest("chat.postMessage", "received", () => "cut");

  const cut = client.chat.postMessage({ channel: api, text: "never" });
  await expect(cut).rejects.toMatchObject({ code: "slack_webapi_request_error" });
  off();
  await client.chat.postMessage({ channel: api, text: "later" });

  const { messages } = await client.conversations.history({ channel: api });
  expect(messages!.map((one) => one.text)).toEqual(["later"]);
});

test("a hook holds a request where it is told to: stored and not yet answered", async () => {
  const { apiUrl, url, workspace } = await startWorkspace();
  const robin = person(url, people.robin.slack);
  const release = Promise.withResolvers<void>();
  const stages: string[] = [];
  for (const stage of ["received", "stored", "answered"] as const) {
    workspace.onRequest("chat.postMessage", stage, async ({ args, answer }) => {
      stages.push(`${stage} ${String(args["text"])} ${String(answer?.["ok"])}`);
      if (stage === "stored") await release.promise;
    });
  }

  let isAnswered = false;
  const posted = webClient(apiUrl)
    .chat.postMessage({ channel: api, text: "Rolled back" })
    .then(() => (isAnswered = true));
  await robin.waitForMessage(api, /Rolled back/);
  expect([isAnswered, stages]).toEqual([
    false,
    ["received Rolled back undefined", "stored Rolled back true"],
  ]);

  release.resolve();
  await posted;
  await expect.poll(() => stages.at(-1)).toBe("answered Rolled back true");
});
