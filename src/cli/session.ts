import { setTimeout } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { createPagerClient } from "../adapters/pagerduty/client.ts";
import { createPager } from "../adapters/pagerduty/pager.ts";
import type { Settings } from "../config.ts";
import { type Person, sameActor } from "../domain/actor.ts";
import type { Clock } from "../domain/clock.ts";
import { UserError } from "../domain/errors.ts";
import type { Executor } from "../domain/run.ts";
import type { Directory } from "../engine/ports.ts";
import { createCliSweep } from "../engine/runs/sweep-cli-runs.ts";
import { type Database, migrate, openDatabase, type Queries } from "../store/database.ts";
import { startEmbeddedPostgres } from "../store/embedded/start.ts";
import { isServed, wakeOwner } from "../store/owner.ts";
import type { StoredPlan } from "../store/plans.ts";
import { isHeld, openTerminal, type Terminal } from "../store/terminals.ts";
import { type Engine, wireEngine } from "../wire-engine.ts";
import { createCliDirectory } from "./directory.ts";
import { identifyCaller } from "./identity.ts";

export interface Store {
  db: Database;
  url: string;
}

/** Opens the database that `serve` uses, without needing a `serve`; what was started for it is given back. */
export async function withStore<Result>(
  settings: Settings,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const postgres =
    settings.databaseUrl === null
      ? await startEmbeddedPostgres({
          dataDir: settings.dataDir,
          ...(settings.env["PATH"] !== undefined && { searchPath: settings.env["PATH"] }),
        })
      : null;
  const url = settings.databaseUrl ?? postgres?.url ?? "";
  const db = openDatabase(url, { connections: 5 });
  try {
    await reach(db);
    // A running serve of another version keeps the schema it has.
    if (!(await isServed(db))) await migrate(db);
    return await use({ db, url });
  } finally {
    await db.destroy();
    await postgres?.release();
  }
}

async function reach(db: Database): Promise<void> {
  try {
    await isServed(db);
  } catch (cause) {
    throw new UserError("The database does not answer.", {
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Check DATABASE_URL, or CRAI_DATA_DIR for the embedded one.",
      cause,
    });
  }
}

/** Everything a command needs, in the caller's name. */
export interface Session extends Engine {
  actor: Person;
  terminal: Terminal;
  now: Clock;
  log: Logger;
}

export interface SessionOptions {
  settings: Settings;
  store: Store;
  context: string | null;
  /** For the person, beside the answer. */
  warn: (text: string) => void;
  onWaiting: (detail: string) => void;
  now: Clock;
  log: Logger;
}

export async function withSession<Result>(
  options: SessionOptions,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { settings, store, warn, now, log } = options;
  const { db, url } = store;
  const { config, secrets } = settings;
  const slack = await slackDirectory(settings, log);
  const directory = createCliDirectory({ identities: config.access.identities, slack });
  const { actor, clusters, vouch } = await identifyCaller({ ...options, db, directory });
  const terminal = await openTerminal(url, () =>
    warn("The connection to the database broke: a run of this terminal ends as unknown."),
  );
  const wakes: Promise<void>[] = [];

  /** One's own plan is carried out here; another's by the terminal that waits for it, else by `serve`. */
  async function executor(trx: Queries, { number, plan }: StoredPlan): Promise<Executor> {
    if (sameActor(plan.actor, actor) && (await terminal.hold(number))) return "cli";
    return (await isHeld(trx, number)) ? "cli" : "serve";
  }

  try {
    const { pagerdutyToken: token } = secrets;
    const engine = await wireEngine({
      db,
      config,
      playbooks: settings.playbooks,
      clusters,
      directory,
      pager:
        token === null
          ? null
          : createPager(createPagerClient({ token, url: settings.pagerdutyApiUrl, timeout: 3000 })),
      registryToken: secrets.mlflowToken,
      chat: null,
      executor,
      enqueue,
      wakeOutbox: () => {
        wakes.push(wakeOwner(db).catch((err: unknown) => log.warn({ err }, "serve not woken")));
      },
      onWaiting: options.onWaiting,
      keepsRoster: false,
      vouch,
      warn,
      log,
      now,
    });
    for (const run of await createCliSweep({ db, runs: engine.runs, now }).all())
      warn(`R${run} ended: its terminal is gone.`);
    return await use({ ...engine, actor, terminal, now, log });
  } finally {
    await Promise.all(wakes);
    await terminal.release();
  }
}

/** Slack's SDK is loaded only where a token is set: the command line works without Slack. */
async function slackDirectory(settings: Settings, log: Logger): Promise<Directory | null> {
  const botToken = settings.secrets.slackBotToken;
  if (botToken === "") return null;
  const { createLookup } = await import("../adapters/slack/lookup.ts");
  return createLookup({ botToken, apiUrl: settings.slackApiUrl }, log);
}

/** For `serve` to carry out. Its tables are there as soon as a crai has served this database once. */
async function enqueue(trx: Queries, run: number): Promise<void> {
  const { enqueueRun } = await import("../engine/durable/run-workflow.ts");
  try {
    await enqueueRun(trx, run);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "";
    // invalid_schema_name, undefined_function
    if (!["3F000", "42883"].includes(code)) throw cause;
    throw new UserError("Nobody can carry this plan out.", {
      why: "It is another person's, and no crai has served this database yet.",
      next: "Its requester confirms it in their own terminal, or start crai.",
      cause,
    });
  }
}

/** Errors only, to standard error: standard output is the answer's. */
export function cliLog(settings: Settings): Logger {
  return pino({ level: settings.env["LOG_LEVEL"] ?? "error" }, pino.destination({ dest: 2, sync: true }));
}

/** ms between two looks at something another process changes. */
const LOOK_EVERY = 1000;

export async function pause(signal: AbortSignal): Promise<void> {
  await setTimeout(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
}
