import { vi } from "vitest";
import { cluster, people, slack } from "../../sandbox/seed.ts";
import { type Fact, verifyChain } from "../../src/domain/timeline.ts";
import { readStream, streamNames } from "../../src/store/timeline.ts";
import { type Story, withinMs } from "./story.ts";

/** What stands in the end: in the cluster, in the record and in Slack. */
export interface End {
  /** Successful writes to Deployments, without those of the release pipeline. */
  patches: { by: string; as: string | undefined; of: string | undefined }[];
  image: string | undefined;
  runs: { outcome: string | null; verdict: string | null; detail: string | null }[];
  /** Each chain that does not verify. */
  brokenChains: string[];
  /** Sorted; a fact that is there twice stands here twice. */
  facts: string[];
  /** Messages of crai's that stand in channels and threads, sorted. Ephemeral ones are not among them. */
  messages: string[];
  /** Locks held, deliveries and messages given up. */
  left: unknown[];
}

const theRun = [
  "run.started",
  "step.intended undo",
  "step.finished undo succeeded",
  "step.intended wait",
  "step.finished wait succeeded",
  "step.intended health",
  "step.finished health succeeded",
  "step.intended metrics",
  "step.finished metrics succeeded",
  "run.finished succeeded cured",
];

function rolledBack(by: keyof typeof people, tag: string): Omit<End, "facts" | "messages"> {
  return {
    patches: [{ by: cluster.bot.user, as: people[by].kubernetes.user, of: "api-deployment" }],
    image: `${cluster.image}:${tag}`,
    runs: [{ outcome: "succeeded", verdict: "cured", detail: null }],
    brokenChains: [],
    left: [],
  };
}

/** An alert, the fix that waited, Robin's one Confirm, the cure. */
export const cured: End = {
  ...rolledBack("robin", cluster.goodTag),
  facts: [
    "incident.opened",
    "channel.opened",
    "alert.fired alertmanager",
    "alert.fired pagerduty",
    "plan.made",
    "plan.voided",
    "plan.made",
    "approval.given confirmed",
    ...theRun,
    "alert.resolved alertmanager",
    "alert.resolved pagerduty",
  ].toSorted(),
  messages: ["incident announced", "incident card", "plan", "plan details", "run"],
};

/** Outside any incident: Sasha, who is not on call, asked for it and Alex approved. */
export const approved: End = {
  ...rolledBack("sasha", cluster.previousGoodTag),
  facts: ["plan.made", "approval.asked", "approval.given approved", ...theRun].toSorted(),
  messages: ["plan", "plan details", "run"],
};

/** Nothing is to be carried out, and nothing to be said. */
export async function isQuiet({ db }: Story): Promise<boolean> {
  const inbox = await db.selectFrom("inbox").select("id").where("done_at", "is", null).execute();
  const outbox = await db
    .selectFrom("outbox")
    .select("id")
    .whereRef("delivered_version", "<", "version")
    .where("failed_at", "is", null)
    .execute();
  return inbox.length === 0 && outbox.length === 0;
}

/** Runs have ended, alerts are over, and it is quiet. */
async function hasEnded(story: Story): Promise<boolean> {
  const { db } = story;
  const runs = await db.selectFrom("run").select("status").execute();
  const firing = await db.selectFrom("alert").select("id").where("status", "=", "firing").execute();
  return (
    runs.length > 0 &&
    runs.every(({ status }) => status === "finished") &&
    firing.length === 0 &&
    (await isQuiet(story))
  );
}

/** What crai still has to do: for a story that does not end. */
async function unfinished({ db }: Story): Promise<unknown> {
  return {
    runs: await db.selectFrom("run").select(["number", "status"]).execute(),
    alerts: await db.selectFrom("alert").select(["title", "status"]).execute(),
    inbox: await db.selectFrom("inbox").select(["source", "key"]).where("done_at", "is", null).execute(),
    outbox: await db
      .selectFrom("outbox")
      .select(["key", "attempts", "error"])
      .whereRef("delivered_version", "<", "version")
      .execute(),
  };
}

/** Resolves when nothing moves any more; `within` in ms. */
export async function settled(story: Story, within = withinMs): Promise<void> {
  await vi
    // Its database may be away for a moment.
    .waitUntil(() => hasEnded(story).catch(() => false), { timeout: within, interval: 100 })
    .catch(async (cause: unknown) => {
      const left = JSON.stringify(await unfinished(story), null, 2);
      throw new Error(`The story has not ended:\n${left}`, { cause });
    });
}

/** Waits until the story has ended, and tells how. */
export async function endOf(story: Story): Promise<End> {
  await settled(story);
  const { db } = story;
  const facts: string[] = [];
  const brokenChains: string[] = [];
  for (const stream of await streamNames(db)) {
    const entries = await readStream(db, stream);
    const check = verifyChain(entries);
    if (!check.intact) brokenChains.push(`${stream} at ${check.seq}: ${check.why}`);
    facts.push(...entries.map(({ fact }) => gist(fact)));
  }
  return {
    patches: patches(story),
    image: imageOf(story),
    runs: await db.selectFrom("run").select(["outcome", "verdict", "detail"]).execute(),
    brokenChains,
    facts: facts.toSorted(),
    messages: (await standing(story)).toSorted(),
    left: [
      ...(await db.selectFrom("lock").select(["target", "run"]).execute()),
      ...(await db.selectFrom("inbox").select(["key", "error"]).where("error", "is not", null).execute()),
      ...(await db
        .selectFrom("outbox")
        .select(["key", "error"])
        .where("failed_at", "is not", null)
        .execute()),
    ],
  };
}

/** A fact without what differs from one telling of the story to the next: numbers, times, measured values. */
function gist(fact: Fact): string {
  const telling = ["source", "step", "how", "outcome", "verdict"].map(
    (name) => Reflect.get(fact, name) as unknown,
  );
  return [fact.kind, ...telling.filter((value) => typeof value === "string")].join(" ");
}

function patches({ sandbox }: Story): End["patches"] {
  return sandbox.cluster.audit
    .filter(
      ({ verb, objectRef, requestURI, responseStatus, userAgent }) =>
        verb === "patch" &&
        objectRef?.resource === "deployments" &&
        !requestURI.includes("dryRun=All") &&
        responseStatus.code === 200 &&
        userAgent?.startsWith("ci-deploy") !== true,
    )
    .map(({ user, impersonatedUser, objectRef }) => ({
      by: user.username,
      as: impersonatedUser?.username,
      of: objectRef?.name,
    }));
}

function imageOf({ sandbox }: Story): string | undefined {
  type Deployment = { spec: { template: { spec: { containers: { name: string; image: string }[] } } } };
  const deployment = sandbox.cluster.store.get("deployments", cluster.namespace, "api-deployment");
  const { containers } = (deployment as unknown as Deployment).spec.template.spec;
  return containers.find(({ name }) => name === "api")?.image;
}

interface Standing {
  ts: string;
  bot_id?: string;
  subtype?: string;
  reply_count?: number;
  metadata?: { event_payload?: { key?: string } };
}

async function ask<T>({ sandbox }: Story, method: string, args: Record<string, string>): Promise<T> {
  const query = new URLSearchParams({ ...args, include_all_metadata: "true", limit: "200" }).toString();
  const response = await fetch(`${sandbox.url}/slack/api/${method}?${query}`, {
    headers: { authorization: `Bearer ${slack.bot.token}` },
  });
  const answer = (await response.json()) as T & { ok: boolean };
  if (!answer.ok) throw new Error(`Slack answered ${method} with ${JSON.stringify(answer)}`);
  return answer;
}

/** crai's messages by what they are, from the key in their metadata: `run`, `plan details`. */
async function standing(story: Story): Promise<string[]> {
  const types = "public_channel,private_channel";
  const { channels } = await ask<{ channels: { id: string }[] }>(story, "users.conversations", { types });
  const all: Standing[] = [];
  for (const { id: channel } of channels) {
    const { messages } = await ask<{ messages: Standing[] }>(story, "conversations.history", { channel });
    all.push(...messages);
    for (const { ts } of messages.filter(({ reply_count: replies = 0 }) => replies > 0)) {
      const thread = await ask<{ messages: Standing[] }>(story, "conversations.replies", { channel, ts });
      all.push(...thread.messages.filter((message) => message.ts !== ts));
    }
  }
  return all
    .filter(({ bot_id: bot, subtype }) => bot === slack.bot.id && subtype === undefined)
    .map(({ metadata }) => metadata?.event_payload?.key ?? "without a key")
    .map((key) => key.replaceAll(/:\d+/g, "").replaceAll(":", " "));
}
