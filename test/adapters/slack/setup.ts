import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { listen } from "../../../sandbox/one-port.ts";
import { people, slack as seed } from "../../../sandbox/seed.ts";
import { readManifest } from "../../../sandbox/slack/manifest.ts";
import { createSlackWorkspace } from "../../../sandbox/slack/workspace.ts";
import { createSlack, type SlackSettings } from "../../../src/adapters/slack/slack.ts";
import type { View } from "../../../src/domain/view.ts";
import type { SlackDelivery } from "../../../src/engine/inbox.ts";
import type { SlackMessage } from "../../../src/engine/ports.ts";
import { say, show } from "../../../src/engine/record.ts";
import { type Database, openDatabase } from "../../../src/store/database.ts";
import { insertIncident } from "../../../src/store/incidents.ts";
import { outboxByKey } from "../../../src/store/outbox.ts";
import { createTestDatabase } from "../../support/database.ts";
import { person } from "../../support/person.ts";

/** Channels of the seed: crai is in `api` and `incidents`, and not in `general`. */
export const channels = { api: "C0API", incidents: "C0INCIDENTS", general: "C0GENERAL" } as const;

export async function startDatabase(): Promise<Database> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  return db;
}

type WorkspaceOptions = Omit<Parameters<typeof createSlackWorkspace>[0], "manifest">;

/** The sandbox's workspace with crai's own manifest: what it does not ask for, it cannot do. */
export async function startWorkspace(options: WorkspaceOptions = {}) {
  const manifest = readManifest("manifest.yml");
  const workspace = createSlackWorkspace({ manifest, rateLimits: "off", ...options });
  const web = await listen(0);
  web.mount("/slack", workspace);
  onTestFinished(() => web.close());
  const clients = Object.fromEntries(
    Object.entries(people).map(([name, { slack }]) => [name, person(web.origin, slack)]),
  ) as Record<keyof typeof people, ReturnType<typeof person>>;
  onTestFinished(() => {
    for (const client of Object.values(clients)) client.leave();
  });
  return { workspace, url: web.origin, apiUrl: `${web.origin}/slack/api/`, ...clients };
}

/** Everything that is logged, to look for what should not be there. */
export function logSink() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString("utf8"));
      done();
    },
  });
  return { log: pino({ level: "trace" }, stream), lines };
}

/** crai's side, not started. */
export function newSlack(given: {
  db: Database;
  apiUrl: string;
  settings?: Partial<SlackSettings>;
  wake?: () => void;
}) {
  const { log, lines } = logSink();
  const slack = createSlack({
    settings: {
      botToken: seed.bot.token,
      appToken: seed.bot.appToken,
      signingSecret: null,
      apiUrl: given.apiUrl,
      command: "/crai",
      ...given.settings,
    },
    db: given.db,
    now: () => new Date(),
    log,
    wake: given.wake ?? (() => undefined),
  });
  onTestFinished(() => slack.stop());
  return { slack, lines };
}

/** A workspace with crai connected to it, and a database. */
export async function startAll(options: WorkspaceOptions = {}) {
  const db = await startDatabase();
  const office = await startWorkspace(options);
  const woken: number[] = [];
  const { slack, lines } = newSlack({ db, apiUrl: office.apiUrl, wake: () => woken.push(1) });
  await slack.start();
  return { ...office, db, slack, lines, woken };
}

/** What was stored of what came in, oldest first. */
export async function received(db: Database): Promise<SlackDelivery[]> {
  const rows = await db.selectFrom("inbox").selectAll().orderBy("id").execute();
  return rows.map((row) => row.body as SlackDelivery);
}

export async function invocations(db: Database) {
  const all = await received(db);
  return all.flatMap((one) => (one.kind === "invocation" ? [one.invocation] : []));
}

export function textView(text: string): View {
  return { summary: text, blocks: [{ type: "text", text }] };
}

/** Stores a message to go out, and says so. */
export async function send(
  { db, slack }: { db: Database; slack: ReturnType<typeof createSlack> },
  key: string,
  message: SlackMessage,
): Promise<void> {
  await db.transaction().execute((trx) => say(trx, { key, about: null }, message, new Date()));
  slack.delivery.wake();
}

/** Stores the latest state of a message, and says so. */
export async function keepShown(
  { db, slack }: { db: Database; slack: ReturnType<typeof createSlack> },
  key: string,
  message: SlackMessage & { do: "post" },
): Promise<void> {
  await db.transaction().execute((trx) => show(trx, { key, about: null }, message, new Date()));
  slack.delivery.wake();
}

/** What is known of a message that is to go out. */
export async function outbox(db: Database, key: string) {
  const row = await outboxByKey(db, key);
  if (row === undefined) throw new Error(`nothing is to go out under ${key}`);
  return { ...row, delivered: row.delivered_version === row.version };
}

export async function newIncident(db: Database, kind: "outage" | "security" = "outage") {
  const at = new Date();
  const incident = await insertIncident(db, {
    key: randomUUID(),
    kind,
    severity: "sev2",
    title: "errors",
    app: kind === "outage" ? "api" : null,
    environment: kind === "outage" ? "prod" : null,
    pagerdutyIncident: null,
    detectedAt: at,
    openedAt: at,
  });
  if (!incident) throw new Error("there is an open outage already");
  return incident;
}
