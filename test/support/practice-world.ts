import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { parse, stringify } from "yaml";
import type { z } from "zod";
import type { ObservedRequest } from "../../sandbox/slack/request-hooks.ts";
import { people } from "../../sandbox/seed.ts";
import {
  type Alerting,
  type Sandbox,
  type SandboxTiming,
  startSandbox,
} from "../../sandbox/start-sandbox.ts";
import type { Message } from "../../sandbox/slack/client-api.ts";
import type { Config } from "../../src/domain/config.ts";
import type { TimelineEntry } from "../../src/domain/timeline.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { readStream } from "../../src/store/timeline.ts";
import { createTestDatabase } from "./database.ts";
import { person } from "./person.ts";
import { quietPlaybooks } from "./quiet-playbooks.ts";
import { textOf } from "./slack-text.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Minutes of the sandbox in seconds: what people would wait for is cut down, and nothing else. */
const timing: SandboxTiming = {
  pace: { settle: "1500ms", window: "300ms", rate: "1s", observe: "1s" },
  metrics: 200,
  pods: { programPace: 0.1, podStart: 60, podStop: 20, crashBackOff: 200, pullBackOff: 200 },
  alertmanager: { groupWait: 50, groupInterval: 300, repeatInterval: 3_600_000, retryFirst: 200 },
  webhooks: { retryFirst: 200, retryMax: 1000 },
  craiRestart: 50,
};
const alerting: Partial<Alerting> = { pending: 200 };

/** ms that a person waits; generous, because two cores carry everything. */
export const withinMs = 30_000;
/** crai is in this channel from the start, and everybody of the seed too. */
export const teamChannel = "C0API";

/** One message or change that crai sent out to Slack, as Slack heard it. */
export interface Call {
  method: string;
  args: Record<string, unknown>;
}

export type Client = ReturnType<typeof person>;
type ConfigFile = z.input<typeof Config>;

export interface World extends Record<keyof typeof people, Client> {
  sandbox: Sandbox;
  /** crai's own database, read beside it. */
  db: Database;
  /** Everything crai asked of Slack so far, oldest first. */
  calls: readonly Call[];
  /** Everything crai has written to its log so far. */
  log(): string;
  close(): Promise<void>;
}

export interface WorldOptions {
  pace?: SandboxTiming["pace"];
  /** Added to crai's environment. */
  env?: Record<string, string>;
  /** Changes the crai.yaml that crai reads. */
  configure?: (config: ConfigFile) => void;
  alerting?: Partial<Alerting>;
  /** Folder with a PostgreSQL of this machine for the cluster's database. */
  postgres?: string;
}

/** The whole sandbox with crai as its child, on a database of its own. */
export async function startWorld({ pace, env, configure, ...options }: WorldOptions = {}): Promise<World> {
  const database = await createTestDatabase();
  const dataDir = temporaryFolder();
  const edited = join(dataDir, "edited.yaml");
  const sandbox = await startSandbox({
    port: 0,
    dataDir,
    crai: false,
    timing: { ...timing, pace: { ...timing.pace, ...pace } },
    alerting: { ...alerting, ...options.alerting },
    ...(options.postgres !== undefined && { postgres: options.postgres }),
    env: { DATABASE_URL: database.url, CRAI_CONFIG: edited, ...quietPlaybooks(), ...env },
  });
  const config = parse(readFileSync(join(dataDir, "crai.yaml"), "utf8")) as ConfigFile;
  configure?.(config);
  writeFileSync(edited, stringify(config, { lineWidth: 0, aliasDuplicateObjects: false }));
  const calls: Call[] = [];
  for (const stage of ["received"] as const)
    sandbox.slack.onRequest(
      "*",
      stage,
      ({ method, args }: ObservedRequest) => void calls.push({ method, args }),
    );
  const clients = Object.fromEntries(
    Object.entries(people).map(([name, { slack }]) => [name, person(sandbox.url, slack)]),
  ) as Record<keyof typeof people, Client>;
  const db = openDatabase(database.url, { connections: 3 });
  async function close(): Promise<void> {
    for (const client of Object.values(clients)) client.leave();
    await sandbox.close();
    await db.destroy();
    await database.drop();
  }
  sandbox.crai.start();
  await sandbox.crai.ready();
  return {
    ...clients,
    sandbox,
    db,
    calls,
    close,
    log: () => readFileSync(join(dataDir, "crai.log"), "utf8"),
  };
}

const latest = (messages: readonly Message[]): string => messages.at(-1)?.ts ?? "";

/** Types a command and waits for the answer that only this person sees. */
export async function ask(client: Client, channel: string, line: string): Promise<string> {
  const after = latest(await client.history(channel));
  await client.command(channel, line);
  // Not expect.poll: a test file may also ask before its first test.
  const answer = await vi.waitFor(
    async () => {
      const found = (await client.ephemerals(channel)).findLast(({ ts }) => ts > after);
      if (found === undefined) throw new Error(`No answer to ${line}`);
      return found;
    },
    { timeout: withinMs, interval: 50 },
  );
  return textOf(answer);
}

/** The entries of one incident's timeline. */
export async function entriesOf({ db }: Pick<World, "db">, incident: number): Promise<TimelineEntry[]> {
  return readStream(db, `incident:${incident}`);
}

/** Takes a verb out of a ClusterRole of the practice cluster, as whoever keeps its RBAC may at any moment; returns how to give it back. */
export function takeRight(
  { sandbox }: Pick<World, "sandbox">,
  role: string,
  { verb, resource }: { verb: string; resource?: string },
): () => void {
  const { store } = sandbox.cluster;
  type ClusterRole = NonNullable<ReturnType<typeof store.get>> & {
    rules: { verbs: string[]; resources: string[] }[];
  };
  const before = store.get("clusterroles", undefined, role) as ClusterRole;
  const put = (rules: ClusterRole["rules"]): void => {
    const { resourceVersion: _, ...metadata } = before.metadata;
    store.update(
      "clusterroles",
      { ...before, metadata, rules },
      { manager: "kubectl-edit", now: new Date() },
    );
  };
  put(
    before.rules.flatMap((rule) => {
      if (!rule.verbs.includes(verb)) return [rule];
      const resources = rule.resources.filter((name) => resource !== undefined && name !== resource);
      return resources.length === 0 ? [] : [{ ...rule, resources }];
    }),
  );
  return () => put(before.rules);
}
