import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { massMentions } from "../../sandbox/slack/mentions.ts";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { alertmanagerBody, pagerdutyBody, post } from "../support/webhooks.ts";

/* oxlint-disable no-control-regex -- Control characters are what must not be there. */

/** Everything that would be alive somewhere if it were not data. */
const nasty = [
  "EVIL",
  "<!channel> <!here> <!everyone> <!subteam^S0SRE> <@U0EVIL> <#C0EVIL>",
  "<https://evil.example.org|click> <mailto:a@evil.example.org|mail> https://evil.example.org",
  "*evilbold* _evilitalic_ ~evilstrike~ `evilcode` ```evilfence```",
  "\u001b[31mred\u001b[0m \u001b]8;;https://evil.example.org\u0007link\u001b]8;;\u0007 \u0008\u0000",
  "\u202eesrever\u202c \u2066isolate\u2069 \u200b\u200e\ufeff\u2028",
  "evil=${{ 40 + 2 }} {{ .Labels }} $(id) `id`",
  "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](https://evil.example.org) ![x](javascript:alert(1))",
  "&lt;!channel&gt; &amp;lt;",
  "# heading\n> quote\n| a | b |\n- [ ] box\n```\nfence\n```",
].join("\n");
const long = `${nasty} ${"x".repeat(5000)}`;

let world: World;
let channel: Channel;

beforeAll(async () => {
  const playbooks = temporaryFolder();
  const playbook = readFileSync("playbooks/rollback.yaml", "utf8");
  writeFileSync(
    join(playbooks, "rollback.yaml"),
    playbook.replace("action: rollout-wait\n", "action: rollout-wait\n    with: { stuckAfter: 1s }\n"),
  );
  world = await startWorld({ env: { CRAI_PLAYBOOKS: playbooks } });
  return () => world.close();
});

async function ship(kind: string): Promise<void> {
  const response = await fetch(`${world.sandbox.url}/panel/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ command: "ship-release", kind }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** A pipeline that writes what it likes. */
async function poisonRelease(): Promise<void> {
  const { store } = world.sandbox.cluster;
  const by = { manager: "evil", now: new Date() };
  const deployment = store.get("deployments", "credit-risk-ai", "api-deployment")!;
  deployment.metadata.annotations = {
    ...deployment.metadata.annotations,
    "kubernetes.io/change-cause": nasty,
  };
  store.update("deployments", deployment, by);
  await expect
    .poll(() => JSON.stringify(store.list("replicasets", "credit-risk-ai")), { timeout: withinMs })
    .toContain("EVIL");
}

/** A kubelet that does so whenever it says why a pod waits. */
function poisonPods(): void {
  type Pod = {
    status?: { containerStatuses?: { state?: { waiting?: { reason?: string; message?: string } } }[] };
  };
  const { store } = world.sandbox.cluster;
  store.onEvent((plural, { object }) => {
    const waiting = (object as Pod).status?.containerStatuses?.[0]?.state?.waiting;
    if (plural !== "pods" || !/ImagePull/.test(waiting?.reason ?? "") || waiting?.message === nasty) return;
    queueMicrotask(() => {
      const now = store.get("pods", object.metadata.namespace, object.metadata.name);
      const state = (now as Pod | undefined)?.status?.containerStatuses?.[0]?.state?.waiting;
      if (now === undefined || state === undefined) return;
      state.message = nasty;
      store.updateStatus("pods", now, { manager: "evil", now: new Date() });
    });
  });
}

test("alerts, pods and annotations say what they like, and people read all of it", async () => {
  const { robin, sandbox } = world;
  const { url } = sandbox.crai;
  await ship("nopull");
  await poisonRelease();
  poisonPods();
  await ship("good");

  const labels = { app: "api", namespace: "credit-risk-ai" };
  const annotations = { summary: long, description: nasty, runbook_url: "javascript:alert(1)" };
  await post(
    url,
    "alertmanager",
    alertmanagerBody([
      {
        labels: { ...labels, alertname: nasty, [nasty]: nasty },
        annotations,
        generatorURL: `https://evil.example.org/${nasty}`,
      },
    ]),
  );
  channel = await robin.waitForChannel(/^inc-/, { withinMs });
  await robin.call("channel.join", { channel: channel.id });
  await robin.waitForMessage(channel.id, /EVIL/, { withinMs });
  await post(
    url,
    "alertmanager",
    alertmanagerBody([{ labels: { ...labels, alertname: long, severity: "warning" }, annotations }]),
  );
  await post(url, "pagerduty", pagerdutyBody({ incident: { title: long, html_url: "javascript:alert(1)" } }));
  await robin.waitForMessage(teamChannel, /EVIL/, { withinMs });

  await robin.command(channel.id, `/crai note ${JSON.stringify(nasty.replaceAll("\n", " "))}`);
  await robin.command(channel.id, `/crai ack --reason ${JSON.stringify(nasty.replaceAll("\n", " "))}`);
  for (const line of ["history api", "status api", `runs "${nasty.split("\n")[1]}"`])
    expect(await ask(robin, channel.id, `/crai ${line}`)).not.toBe("");
  await robin.command(
    channel.id,
    `/crai rollback api --to 4 --reason ${JSON.stringify(nasty.split("\n")[3])}`,
  );
  const plan = await robin.waitForMessage(channel.id, /P\d+ ·[\s\S]*Nothing has been touched/, { withinMs });
  expect(textOf(plan)).toContain("Change cause");
  await robin.press(plan, "Confirm");
  const run = await robin.waitForMessage(channel.id, /R\d+ Stuck/, { withinMs: 2 * withinMs });
  expect(textOf(run)).toContain("EVIL");
  await robin.command(channel.id, "/crai mitigate");
  await robin.command(channel.id, "/crai export");
  await robin.waitForMessage(channel.id, /Post-mortem/, { withinMs });
  expect(await ask(robin, channel.id, "/crai timeline")).toContain("EVIL");
});

interface Text {
  text: string;
  isMrkdwn: boolean;
}

/** Every text in what crai sent; `text` beside blocks is mrkdwn too. */
function textsIn(value: unknown, key = ""): Text[] {
  if (typeof value === "string") {
    // Blocks and views travel as JSON.
    if (/^[[{]/.test(value) && (key === "blocks" || key === "view" || key === "metadata"))
      return textsIn(JSON.parse(value));
    return [{ text: value, isMrkdwn: true }];
  }
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item));
  if (typeof value !== "object" || value === null) return [];
  const node = value as Record<string, unknown>;
  const literal = node["type"] === "plain_text" || node["type"] === "raw_text";
  return Object.entries(node).flatMap(([name, inner]) =>
    textsIn(inner, name).map((found) => (literal ? { ...found, isMrkdwn: false } : found)),
  );
}

/** What Slack makes something of: mentions, channels, dates, links. */
const allowed = [
  /^@U0(ROBIN|ALEX|SASHA|NOOR|CRAI)$/,
  /^#C[A-Z0-9]+$/,
  /^!date\^\d+\^\{[a-z_ {}]+\}\|[\d :UTC-]+$/,
  /^http:\/\/(127\.0\.0\.1|localhost):\d+\/[^|]*\|[^|]+$/,
  /^https?:\/\/([a-z-]+\.)*example\.com\/[^|]*\|[^|]+$/,
  // A link of an alert goes where the alert says, under words of our own.
  /^https:\/\/evil\.example\.org\/[^|<>\s]*\|(source|link)$/,
];

test("nothing of it is alive in anything that crai sent to Slack", async () => {
  const texts = world.calls.flatMap(({ method, args }) =>
    textsIn(args).map((found) => ({ method, ...found })),
  );
  expect(texts.filter(({ text }) => text.includes("EVIL")).length).toBeGreaterThan(20);
  const mrkdwn = texts.filter(({ isMrkdwn }) => isMrkdwn).map(({ text }) => text);
  const tokens = mrkdwn.flatMap((text) => [...text.matchAll(/<([^<>]*)>/g)].map(([, token = ""]) => token));
  expect(tokens.filter((token) => !allowed.some((form) => form.test(token)))).toEqual([]);
  const outsideLinks = mrkdwn.map((text) => text.replaceAll(/<[^<>]*>/g, "<>"));
  expect(outsideLinks.filter((text) => /[*_~]evil\w+[*_~]|`evilcode`|(?<=.)```(?=.)/.test(text))).toEqual([]);
  const fences = mrkdwn.filter((text) => text.includes("```")).map((text) => text.split("```").length - 1);
  expect(fences.every((count) => count === 2)).toBe(true);
  const invisible =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/;
  const hidden = texts.filter(({ text }) => invisible.test(text.replaceAll("`\u200b", "`")));
  expect(hidden.map(({ text }) => [text, text.match(invisible)?.[0]!.codePointAt(0)])).toEqual([]);
  expect(texts.filter(({ text }) => text.includes("evil=42"))).toEqual([]);
});

test("nobody was paged by it, whatever they look at", async () => {
  for (const client of [world.robin, world.alex, world.noor]) expect(await client.massMentions()).toEqual([]);
  const sent = world.calls.filter(
    ({ args }) =>
      massMentions({ text: typeof args["text"] === "string" ? args["text"] : "", blocks: textsIn(args) })
        .length > 0,
  );
  expect(sent).toEqual([]);
});

test("Slack took every message as it was meant, however long it was", () => {
  expect(world.log()).not.toMatch(/Slack refused how a message looks|given up/);
  expect(channel.name.length).toBeLessThanOrEqual(80);
});

test("the post-mortem shows it and does nothing else", async () => {
  const { robin, sandbox } = world;
  const file = (await robin.history(channel.id)).flatMap(({ files, ts }) =>
    (files ?? []).map((one) => ({ ...one, ts })),
  )[0];
  const replies = (await robin.history(channel.id)).filter(({ reply_count: count = 0 }) => count > 0);
  const threads = await Promise.all(replies.map(({ ts }) => robin.thread(channel.id, ts)));
  const found = file ?? threads.flat().flatMap(({ files }) => files ?? [])[0]!;
  const markdown = await (await fetch(new URL(found.url_private, sandbox.url))).text();
  expect(markdown).toContain("EVIL");
  expect(markdown).toContain("evil=");
  expect(markdown).not.toMatch(
    /evil=42|<!channel|<script|<img|(?<!\\)\]\((https:\/\/evil\.example\.org\)|javascript:)/,
  );
  expect(markdown.split("\n").filter((line) => /^(# heading|> quote|\| a)/.test(line))).toEqual([]);
  expect(markdown).not.toMatch(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u2028\u202a-\u202e\u2066-\u2069\ufeff]/,
  );
});

test("what PagerDuty was told of it is plain text", () => {
  const notes = world.sandbox.pager.incidents.all.flatMap(({ notes }) => notes.map(({ content }) => content));
  expect(notes.filter((note) => /[\u0000-\u0008\u000b-\u001f\u202a-\u202e]/.test(note))).toEqual([]);
});
