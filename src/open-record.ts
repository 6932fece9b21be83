import type { Logger } from "pino";
import type { Settings } from "./config.ts";
import { UserError } from "./domain/errors.ts";
import { type Database, migrate, openDatabase } from "./store/database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./store/embedded/start.ts";
import { takeOwnership } from "./store/owner.ts";

/** Ends something that was started. */
export type Ending = () => Promise<unknown>;

export interface OpeningRecord {
  settings: Settings;
  log: Logger;
  /** What was started adds how to end it; they are called last started first. */
  endings: Ending[];
  /** Something broke that only a new start mends. */
  fail: (error?: unknown) => void;
  /** The record is no longer ours: nothing more may be done or said. */
  lost: (error: unknown) => void;
  /** Another process stored something that is to go out. */
  onWake: () => void;
}

/** ms that another crai has to let go of a record in a data folder; of a DATABASE_URL one waits as its standby. */
const PATIENCE = 3000;

async function openStore({ settings, log, endings }: OpeningRecord): Promise<string> {
  if (settings.databaseUrl !== null) return settings.databaseUrl;
  let postgres: EmbeddedPostgres | undefined;
  const starting = startEmbeddedPostgres({
    dataDir: settings.dataDir,
    log,
    ...(settings.env["PATH"] !== undefined && { searchPath: settings.env["PATH"] }),
  });
  // Also when crai is told to end while it starts. What runs is told at once, for whoever exits without waiting.
  endings.push(async () => {
    if (postgres) return postgres.stop();
    const late = await starting.catch(() => undefined);
    return late?.stop();
  });
  postgres = await starting;
  return postgres.url;
}

/** The record, for this process alone and up to date; undefined: another crai serves it, and this one fails. */
export async function openRecord(opening: OpeningRecord): Promise<{ db: Database; url: string } | undefined> {
  const { settings, log, endings, fail, lost, onWake } = opening;
  const url = await openStore(opening);
  const owner = await takeOwnership({
    url,
    patience: settings.databaseUrl === null ? PATIENCE : undefined,
    onWait: () => log.warn("another crai serves this database; waiting for it to end"),
    onWake,
    onLost: lost,
  });
  if (!owner) {
    // The server belongs to the other one: leave it running.
    endings.length = 0;
    fail(
      new UserError(`Another crai serves the record in ${settings.dataDir}.`, {
        why: "Two of them would do and say everything twice.",
        next: "Stop the other one, or set CRAI_DATA_DIR to a folder of its own for this one.",
      }),
    );
    return undefined;
  }
  endings.push(() => owner.release());
  const db = openDatabase(url);
  endings.push(() => db.destroy());
  await migrate(db);
  return { db, url };
}
