import { Client } from "pg";
import { sql } from "kysely";
import { expect, vi } from "vitest";
import type { RequestHook } from "../../sandbox/cluster/request-hooks.ts";
import { people } from "../../sandbox/seed.ts";
import type { ObservedRequest } from "../../sandbox/slack/request-hooks.ts";
import { type Story, withinMs } from "./story.ts";

/** Nothing in crai knows of these: it is killed by whom it talks to. Each resolves when crai is dead. */
export type Kill = (story: Story) => Promise<void>;

/** At the first such request to the cluster: `received`, nothing was done; `answered`, it was, and crai never hears of it. */
export function atCluster(phase: RequestHook["phase"], is: (request: RequestHook) => boolean): Kill {
  return ({ sandbox }) =>
    new Promise((resolve) => {
      const off = sandbox.cluster.onRequest(async (request) => {
        if (request.phase !== phase || !is(request)) return undefined;
        off();
        await sandbox.crai.kill();
        resolve();
        return "cut";
      });
    });
}

/** At the first such request to Slack: `received`, nothing was done; `stored`, it was, and crai never hears of it. */
export function atSlack(
  stage: "received" | "stored",
  method: string,
  is: (args: ObservedRequest["args"]) => boolean = () => true,
): Kill {
  return ({ sandbox }) =>
    new Promise((resolve) => {
      const off = sandbox.slack.onRequest(method, stage, async ({ args }) => {
        if (!is(args)) return undefined;
        off();
        await sandbox.crai.kill();
        resolve();
        return "cut";
      });
    });
}

/** The write that rolls the api back. */
export function isRollback({ verb, target, uri, user }: RequestHook): boolean {
  return (
    verb === "patch" &&
    target?.plural === "deployments" &&
    !uri.includes("dryRun") &&
    Object.values(people).some(({ kubernetes }) => kubernetes.user === user)
  );
}

/** A message of crai's by the key in its metadata: `run:`, `plan:2`. */
export function isAbout(key: string): (args: ObservedRequest["args"]) => boolean {
  return ({ metadata }) => {
    const text = typeof metadata === "string" ? metadata : JSON.stringify(metadata ?? "");
    return text.includes(`"key":"${key}`);
  };
}

/**
 * After the API server's answer has arrived and before crai could write that down: the row it would write to is held,
 * and crai is killed while it waits for it.
 */
export async function beforeTheRecord({ sandbox, db, url }: Story): Promise<void> {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  try {
    await new Promise<void>((resolve) => {
      const off = sandbox.cluster.onRequest(async (request) => {
        if (request.phase !== "answered" || !isRollback(request)) return;
        off();
        await holder.query("begin");
        await holder.query("select 1 from run_step where step = 'undo' for update");
        resolve();
      });
    });
    await vi.waitFor(
      async () => {
        const { rows } = await sql`select pid from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like 'update "run_step"%'`.execute(
          db,
        );
        expect(rows).not.toEqual([]);
      },
      { timeout: withinMs },
    );
    await sandbox.crai.kill();
    // A server process notices only at its next word to the client that this one is dead: it would carry the statement out.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
  } finally {
    await holder.end();
  }
}
