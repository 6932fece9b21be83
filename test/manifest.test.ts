import { existsSync, readFileSync } from "node:fs";
import { globSync } from "tinyglobby";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { timelineShortcut } from "../src/adapters/slack/listeners/messages.ts";
import { eventScopes, methodScopes, neededScopes } from "../src/adapters/slack/scopes.ts";

interface Manifest {
  features: {
    slash_commands: { command: string; should_escape: boolean }[];
    shortcuts: { callback_id: string; type: string }[];
  };
  oauth_config: { scopes: { bot: string[]; user?: string[] } };
  settings: { event_subscriptions: { bot_events: string[] } };
}

const manifest = parse(readFileSync("manifest.yml", "utf8")) as Manifest;
const schemaPath = "../shared/samples/slack-manifest.schema.2.0.0.json";

test.skipIf(!existsSync(schemaPath))(`manifest.yml is valid (skipped without ${schemaPath})`, () => {
  const schema = JSON.parse(readFileSync(schemaPath, "utf8")) as object;
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

  validate(manifest);

  expect(validate.errors ?? []).toEqual([]);
});

/** Every `client.<family>.<method>(` of the adapter's code. */
function calledMethods(): Set<string> {
  const files = globSync("src/adapters/slack/**/*.ts");
  const source = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const called = [...source.matchAll(/\bclient\.([a-z]\w*(?:\.[a-z]\w*)+)\(/gi)].map(([, name = ""]) => name);
  const uploads = source.includes("client.filesUploadV2(")
    ? ["files.getUploadURLExternal", "files.completeUploadExternal"]
    : [];
  return new Set([...called, ...uploads]);
}

function listenedEvents(): Set<string> {
  const files = globSync("src/adapters/slack/listeners/*.ts");
  const source = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const names = [...source.matchAll(/app\.event\("(\w+)"/g)].map(([, name = ""]) => name);
  return new Set(
    names.flatMap((name) => (name === "message" ? ["message.channels", "message.groups"] : [name])),
  );
}

describe("the scopes of manifest.yml", () => {
  test("cover every Web API method the adapter calls, and it calls every method they are justified by", () => {
    expect([...calledMethods()].sort()).toEqual(Object.keys(methodScopes).sort());
  });

  test("are those that methods and events need, and no other", () => {
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual(neededScopes);
    expect(manifest.oauth_config.scopes.user).toBeUndefined();
  });

  test("are each given a reason in docs/slack-app.md", () => {
    const docs = readFileSync("docs/slack-app.md", "utf8");

    const unexplained = manifest.oauth_config.scopes.bot.filter((scope) => !docs.includes(`| \`${scope}\``));

    expect(unexplained).toEqual([]);
  });
});

test("manifest.yml subscribes to the events the adapter listens to, and no other", () => {
  const subscribed = [...manifest.settings.event_subscriptions.bot_events].sort();

  expect(subscribed).toEqual([...listenedEvents()].sort());
  expect(subscribed).toEqual(Object.keys(eventScopes).sort());
});

test("manifest.yml has the command and the shortcut the adapter answers, with mentions escaped to IDs", () => {
  expect(manifest.features.slash_commands).toMatchObject([{ command: "/crai", should_escape: true }]);
  expect(manifest.features.shortcuts).toMatchObject([{ type: "message", callback_id: timelineShortcut }]);
});
