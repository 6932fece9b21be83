// oxlint-disable unicorn/require-post-message-target-origin -- chat.postMessage is Slack's, not the window's
import type { webApi } from "@slack/bolt";
import { createEmulator } from "emulate";
import { expect, onTestFinished, test } from "vitest";
import { people, slack } from "../../../sandbox/seed.ts";
import { startWorkspace, webClient } from "./setup.ts";

type Answer = Record<string, unknown>;

/** What every step knows: who is there, and what earlier steps made. */
interface Story {
  client: webApi.WebClient;
  someone: string;
  channel: string;
  other: string;
  ts: string;
}

type Step = [name: string, call: (story: Story) => Promise<unknown>];

/** One day of an app that both workspaces can live through; each step's answer is compared. */
const steps: Step[] = [
  ["auth.test", ({ client }) => client.auth.test()],
  ["team.info", ({ client }) => client.team.info()],
  ["users.info", ({ client, someone }) => client.users.info({ user: someone })],
  ["users.info of nobody", ({ client }) => client.users.info({ user: "U0NOBODY" })],
  ["users.lookupByEmail", ({ client }) => client.users.lookupByEmail({ email: people.alex.email })],
  ["users.lookupByEmail of nobody", ({ client }) => client.users.lookupByEmail({ email: "no@example.com" })],
  ["create", ({ client }) => client.conversations.create({ name: "inc-0001-api" })],
  ["create twice", ({ client }) => client.conversations.create({ name: "inc-0001-api" })],
  ["create with a bad name", ({ client }) => client.conversations.create({ name: "a b!" })],
  ["info", ({ client, channel }) => client.conversations.info({ channel })],
  ["info of nothing", ({ client }) => client.conversations.info({ channel: "C0NOWHERE" })],
  ["invite", ({ client, channel, someone }) => client.conversations.invite({ channel, users: someone })],
  [
    "invite again",
    ({ client, channel, someone }) => client.conversations.invite({ channel, users: someone }),
  ],
  ["members", ({ client, channel }) => client.conversations.members({ channel })],
  ["set the topic", ({ client, channel }) => client.conversations.setTopic({ channel, topic: "sev2" })],
  [
    "set the purpose",
    ({ client, channel }) => client.conversations.setPurpose({ channel, purpose: "api is down" }),
  ],
  [
    "a topic too long",
    ({ client, channel }) => client.conversations.setTopic({ channel, topic: "x".repeat(251) }),
  ],
  ["post", ({ client, channel }) => client.chat.postMessage({ channel, text: "hello" })],
  ["post nothing", ({ client, channel }) => client.chat.postMessage({ channel, text: "" })],
  ["post nowhere", ({ client }) => client.chat.postMessage({ channel: "C0NOWHERE", text: "x" })],
  [
    "post a broken block",
    ({ client, channel }) =>
      client.chat.postMessage({ channel, text: "x", blocks: [{ type: "nonsense" }] as never }),
  ],
  [
    "reply",
    ({ client, channel, ts }) => client.chat.postMessage({ channel, text: "in the thread", thread_ts: ts }),
  ],
  ["update", ({ client, channel, ts }) => client.chat.update({ channel, ts, text: "hello again" })],
  ["update nothing", ({ client, channel }) => client.chat.update({ channel, ts: "1.000001", text: "x" })],
  ["permalink", ({ client, channel, ts }) => client.chat.getPermalink({ channel, message_ts: ts })],
  [
    "ephemeral",
    ({ client, channel, someone }) => client.chat.postEphemeral({ channel, user: someone, text: "psst" }),
  ],
  [
    "ephemeral to an outsider",
    ({ client, channel, other }) => client.chat.postEphemeral({ channel, user: other, text: "x" }),
  ],
  ["react", ({ client, channel, ts }) => client.reactions.add({ channel, timestamp: ts, name: "eyes" })],
  [
    "react twice",
    ({ client, channel, ts }) => client.reactions.add({ channel, timestamp: ts, name: "eyes" }),
  ],
  ["reactions", ({ client, channel, ts }) => client.reactions.get({ channel, timestamp: ts })],
  ["unreact", ({ client, channel, ts }) => client.reactions.remove({ channel, timestamp: ts, name: "eyes" })],
  [
    "unreact twice",
    ({ client, channel, ts }) => client.reactions.remove({ channel, timestamp: ts, name: "eyes" }),
  ],
  ["pin", ({ client, channel, ts }) => client.pins.add({ channel, timestamp: ts })],
  ["pin twice", ({ client, channel, ts }) => client.pins.add({ channel, timestamp: ts })],
  ["pins", ({ client, channel }) => client.pins.list({ channel })],
  ["unpin", ({ client, channel, ts }) => client.pins.remove({ channel, timestamp: ts })],
  ["unpin twice", ({ client, channel, ts }) => client.pins.remove({ channel, timestamp: ts })],
  [
    "bookmark",
    ({ client, channel }) =>
      client.bookmarks.add({ channel_id: channel, type: "link", title: "R", link: "https://r.example" }),
  ],
  ["bookmarks", ({ client, channel }) => client.bookmarks.list({ channel_id: channel })],
  [
    "upload",
    ({ client, channel }) => client.filesUploadV2({ channel_id: channel, filename: "a.md", content: "# A" }),
  ],
  ["history", ({ client, channel }) => client.conversations.history({ channel, limit: 1 })],
  ["replies", ({ client, channel, ts }) => client.conversations.replies({ channel, ts })],
  ["replies to nothing", ({ client, channel }) => client.conversations.replies({ channel, ts: "1.000001" })],
  ["delete", ({ client, channel, ts }) => client.chat.delete({ channel, ts })],
  ["an unknown trigger", ({ client }) => client.views.open({ trigger_id: "1.2.3", view: modal() })],
  [
    "a private channel",
    ({ client }) => client.conversations.create({ name: "inc-0002-breach", is_private: true }),
  ],
  ["rename", ({ client, channel }) => client.conversations.rename({ channel, name: "inc-0001-gateway" })],
  ["archive", ({ client, channel }) => client.conversations.archive({ channel })],
  ["archive twice", ({ client, channel }) => client.conversations.archive({ channel })],
  ["post to an archived channel", ({ client, channel }) => client.chat.postMessage({ channel, text: "x" })],
  ["list", ({ client }) => client.conversations.list({ limit: 2 })],
  ["user groups", ({ client }) => client.usergroups.list()],
];

function modal() {
  const title = { type: "plain_text" as const, text: "Plan" };
  return { type: "modal" as const, title, blocks: [{ type: "divider" as const }] };
}

/** Where the emulator is not like Slack; ours answers as docs.slack.dev says. */
const differences: Record<string, string> = {
  // It checks no blocks.
  "post a broken block": "ours invalid_blocks, theirs ok",
  // It answers a thread that is not there with an empty one.
  "replies to nothing": "ours thread_not_found, theirs ok",
  // It has none.
  "user groups": "ours ok, theirs An HTTP protocol error occurred: statusCode = 404",
};

/** Fields of real Slack's that only its own clients use; ours leaves them out. */
const clientsOnly = [
  /^(user|members\[\])\.profile\.(phone|skype|image_\d+|status_.*|huddle_.*)$/,
  /^channels?(\[\])?\.(is_open|last_read|num_members)$/,
  /^bookmarks?(\[\])?\.(last_updated_by_team_id|shortcut_id)$/,
  /files\[\]\.(pretty_type|editable|external_type|public_url_shared|display_as_bot|url_private(_download)?)$/,
  /files\[\]\.(comments_count|is_starred|has_rich_preview)$/,
  /^items\[\]\.message\.permalink$/,
  // The emulator gives file shares a subtype that Slack no longer sends to apps.
  /^messages\[\]\.subtype$/,
];

async function live(
  client: webApi.WebClient,
  { someone, other }: Pick<Story, "someone" | "other">,
): Promise<Map<string, Answer>> {
  const story: Story = { client, someone, other, channel: "", ts: "" };
  const answers = new Map<string, Answer>();
  for (const [name, call] of steps) {
    const answer = await call(story).catch(
      (error: { data?: Answer; message: string }) => error.data ?? { ok: false, error: error.message },
    );
    answers.set(name, answer as Answer);
    if (name === "create") story.channel = ((answer as Answer)["channel"] as { id: string }).id;
    if (name === "post") story.ts = String((answer as Answer)["ts"]);
  }
  return answers;
}

/** "channel.topic.value", "messages[].text": every field of an answer, ids among them as "<id>". */
function fields(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fields(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = /^C[A-Z0-9]{8,}$/.test(key) ? "<id>" : key;
    return fields(inner, path === "" ? name : `${path}.${name}`);
  });
}

async function emulateAnswers(): Promise<Map<string, Answer>> {
  const emulator = await createEmulator({
    service: "slack",
    port: 0,
    seed: {
      slack: {
        users: Object.values(people).map(({ name, email }) => ({
          name: name.toLowerCase(),
          real_name: name,
          email,
        })),
        tokens: [{ token: slack.bot.token, user: "admin", type: "bot" }],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const client = webClient(`${emulator.url}/api/`);
  const { members } = await client.users.list({});
  function idOf(name: string): string {
    return members!.find((member) => member.name === name)!.id!;
  }
  return live(client, { someone: idOf("robin"), other: idOf("noor") });
}

test("the workspace answers a whole day as the independent emulator does, and its answers lack no field of it", async () => {
  const { apiUrl } = await startWorkspace({ rateLimits: "off" });
  const ours = await live(webClient(apiUrl), { someone: people.robin.slack, other: people.noor.slack });
  const theirs = await emulateAnswers();

  const differing = steps
    .map(([name]) => [name, verdict(ours, name), verdict(theirs, name)] as const)
    .filter(([, our, their]) => our !== their)
    .map(([name, our, their]) => [name, `ours ${our}, theirs ${their}`] as const);
  expect(Object.fromEntries(differing)).toEqual(differences);

  const lacking = steps
    .map(([name]) => ({ name, fields: missingFields(ours.get(name)!, theirs.get(name)!) }))
    .filter(({ name, fields }) => !(name in differences) && fields.length > 0);
  expect(lacking).toEqual([]);
});

function verdict(answers: Map<string, Answer>, name: string): string {
  const { ok, error } = answers.get(name)!;
  return ok === true ? "ok" : String(error);
}

function missingFields(our: Answer, their: Answer): string[] {
  const present = new Set(fields(our));
  return fields(their).filter(
    (field) => !present.has(field) && !clientsOnly.some((known) => known.test(field)),
  );
}
