import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { people } from "../../sandbox/seed.ts";
import {
  type Alerting,
  type Sandbox,
  type SandboxTiming,
  startSandbox,
} from "../../sandbox/start-sandbox.ts";
import type { Channel, Message } from "../../sandbox/slack/client-api.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { addressOf } from "../../src/store/embedded/connection.ts";
import { readPidFile } from "../../src/store/embedded/postmaster.ts";
import { createTestDatabase } from "../support/database.ts";
import { person } from "../support/person.ts";
import { quietPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Minutes of the sandbox in seconds: what people would wait for is cut down, and nothing else. */
const timing: SandboxTiming = {
  // The rates need some hundred requests to be steady, and must not reach back to the errors of the release that is gone.
  pace: { settle: "2500ms", window: "300ms", rate: "2s", observe: "1s" },
  metrics: 200,
  pods: { podStart: 60, podStop: 20, crashBackOff: 200, pullBackOff: 200 },
  alertmanager: { groupWait: 50, groupInterval: 300, repeatInterval: 3_600_000, retryFirst: 200 },
  webhooks: { retryFirst: 200, retryMax: 1000 },
  craiRestart: 50,
};
const alerting: Partial<Alerting> = { pending: 200 };

/** ms that a person waits; generous, because two cores carry everything and crai starts anew in between. */
export const withinMs = 60_000;
/** ms a test may take. */
export const testTimeout = 180_000;

/** crai is in this channel from the start. */
export const teamChannel = "C0API";

export interface Story {
  sandbox: Sandbox;
  /** crai's own database, read beside it. */
  db: Database;
  url: string;
  robin: ReturnType<typeof person>;
  alex: ReturnType<typeof person>;
  sasha: ReturnType<typeof person>;
}

export interface StoryOptions {
  /** crai on its own embedded PostgreSQL, as in `npm run sandbox`, and not on a database of the tests' server. */
  embedded?: boolean;
}

/** The whole sandbox with crai as its child. */
export async function startStory({ embedded = false }: StoryOptions = {}): Promise<Story> {
  const database = embedded ? undefined : await createTestDatabase();
  const sandbox = await startSandbox({
    port: 0,
    dataDir: temporaryFolder(),
    crai: true,
    timing,
    alerting,
    env: {
      ...quietPlaybooks(),
      ...(database !== undefined && { DATABASE_URL: database.url }),
    },
  });
  const everybody = {
    robin: person(sandbox.url, people.robin.slack),
    alex: person(sandbox.url, people.alex.slack),
    sasha: person(sandbox.url, people.sasha.slack),
  };
  let db: Database | undefined;
  onTestFinished(async () => {
    for (const one of Object.values(everybody)) one.leave();
    await db?.destroy();
    await sandbox.close();
    await database?.drop();
  });
  await sandbox.crai.ready();
  const url = database?.url ?? addressOf(embeddedServer(sandbox).socketDir);
  db = openDatabase(url, { connections: 3 });
  return { sandbox, db, url, ...everybody };
}

/** crai's own PostgreSQL, by what it writes about itself. */
export function embeddedServer({ craiEnv }: Sandbox): { pid: number; socketDir: string } {
  const file = readPidFile(join(craiEnv["CRAI_DATA_DIR"]!, "postgres"));
  if (file?.pid === undefined) throw new Error("crai runs no PostgreSQL of its own");
  return { pid: file.pid, socketDir: file.socketDir };
}

/** A bad release of the api, as the panel ships it. */
export async function shipErrors({ sandbox }: Story): Promise<void> {
  const response = await fetch(`${sandbox.url}/panel/commands`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ command: "ship-release", kind: "errors" }),
  });
  if (!response.ok) throw new Error(`The panel did not ship: ${await response.text()}`);
}

/** The incident's channel, once Robin was invited to it. */
export async function incidentChannel({ robin }: Story): Promise<Channel> {
  const { name } = await robin.waitForChannel(/^inc-/, { withinMs });
  return vi.waitUntil(
    async () => {
      const channel = await robin.channel(name);
      return channel?.is_member === true ? channel : undefined;
    },
    { timeout: withinMs, interval: 50 },
  );
}

/** The incident's card with the fix that waits. */
export async function offer(story: Story): Promise<Message> {
  const { id } = await incidentChannel(story);
  return story.robin.waitForMessage(id, /Confirm/, { withinMs });
}

/** Robin presses Confirm, and again as long as crai is not there to hear it; `within` in ms. */
export async function confirm({ sandbox, robin, db }: Story, within = withinMs): Promise<void> {
  await vi.waitUntil(
    async () => {
      await sandbox.crai.ready();
      // A press that crai stored and could not acknowledge any more was heard nevertheless.
      if ((await db.selectFrom("run").select("number").execute()).length > 0) return true;
      const channel = (await robin.channels()).find(
        ({ name, is_member: inside }) => name.startsWith("inc-") && inside,
      );
      const messages = channel === undefined ? [] : await robin.history(channel.id);
      const card = messages.find((message) => /\[Confirm\]/.test(textOf(message)));
      // The button may go in the moment it is pressed.
      const pressed = card && (await robin.press(card, "Confirm").catch(() => undefined));
      return pressed?.outcome === "delivered";
    },
    { timeout: within, interval: 50 },
  );
}
