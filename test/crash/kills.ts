import { Client } from "pg";
import { sql } from "kysely";
import { expect, vi } from "vitest";
import type { RequestHook } from "../../sandbox/cluster/request-hooks.ts";
import { cluster, people } from "../../sandbox/seed.ts";
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

/** Numbers from 0 to 1 that follow from the seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of how many requests one is the death of crai. Fewer while it starts: it is given longer after each death then. */
const oneIn = { starting: 40, ready: 8 };

/**
 * Kills crai again and again, at requests that the seed draws: before they are acted on, or after it and before crai
 * hears of it. Returns where it was killed so far, and how to let it live.
 */
export function atRandom({ sandbox }: Story, { seed, times }: { seed: number; times: number }) {
  const draw = numbersFrom(seed);
  const deaths: string[] = [];
  let dying = false;

  async function fate(where: string): Promise<"cut" | undefined> {
    if (dying) return "cut";
    const state = sandbox.crai.status().state === "ready" ? "ready" : "starting";
    if (deaths.length >= times || draw() * oneIn[state] >= 1) return undefined;
    deaths.push(`${where}, ${state}`);
    dying = true;
    await sandbox.crai.kill();
    dying = false;
    return "cut";
  }

  // Not the observer, who looks at the cluster all the time: nearly every death would be there.
  const users = new Set<string>([cluster.machines.alert.user, people.robin.kubernetes.user]);
  const offs = [
    sandbox.cluster.onRequest(({ phase, verb, target, user, uri }) =>
      users.has(user) ? fate(`${phase} ${verb} ${target?.plural ?? uri}`) : undefined,
    ),
    ...(["received", "stored"] as const).map((stage) =>
      sandbox.slack.onRequest("*", stage, ({ method }) => fate(`${stage} ${method}`)),
    ),
  ];
  return {
    deaths,
    stop(): void {
      for (const off of offs) off();
    },
  };
}
