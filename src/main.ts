import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { pino, type Logger } from "pino";
import { readSettings, type Settings } from "./config.ts";
import { isUserError, type UserError } from "./domain/errors.ts";
import type { Ending } from "./open-record.ts";

let ending: Promise<void> | undefined;
/** On the scale of performance.now(). */
let askedAt: number | undefined;
/** ms in which two signals are one. */
const ONE_ASKING = 1000;

/**
 * ms after which whatever still hangs is left as it is: below the 30 s that Kubernetes waits (docs/deploy.md). Nothing is
 * lost by it; the next start goes on from the record.
 */
const PATIENCE = 20_000;

/** Lets what is in hand finish, last started first, then lets go of the database. Called again, it changes nothing. */
function end(code: number, log: Logger, endings: Ending[], err?: unknown): void {
  askedAt ??= performance.now();
  if (isUserError(err)) printRefusal(err);
  else if (err !== undefined) log.fatal({ err }, "crai ends");
  process.exitCode = code;
  setTimeout(() => {
    log.warn({ ms: PATIENCE }, "something still hangs; it is left as it is, and the next start goes on");
    exitAtOnce(endings);
  }, PATIENCE).unref();
  ending ??= (async () => {
    for (const stop of endings.reverse())
      await stop().catch((error: unknown) => log.error({ err: error }, "not ended cleanly"));
    process.exit();
  })();
}

/** Only the database, which was started first, is told to end: it does so by itself, and nothing is waited for. */
function exitAtOnce(endings: readonly Ending[], code?: number): void {
  endings
    .at(-1)?.()
    .catch(() => undefined);
  process.exit(code);
}

function printRefusal({ message, why, next }: UserError): void {
  process.stderr.write(`${[message, why, next].join("\n")}\n`);
}

/** Exits 2 for what its keeper can set right (configuration), 1 for anything else. */
async function main(): Promise<void> {
  let settings: Settings;
  try {
    settings = readSettings();
  } catch (error) {
    if (!isUserError(error)) throw error;
    printRefusal(error);
    process.exitCode = 2;
    return;
  }
  const log = pino({ level: settings.logLevel });
  const endings: Ending[] = [];
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      // Whoever asks twice does not want to wait. npm passes on what a terminal sends to both: that is one asking.
      if (ending && performance.now() - askedAt! > ONE_ASKING) exitAtOnce(endings, 130);
      else end(0, log, endings);
    });
  // The terminal is gone.
  process.on("SIGHUP", () => end(0, log, endings));
  process.stdout.on("error", () => undefined);
  process.on("unhandledRejection", (error) => end(1, log, endings, error));
  try {
    // A second start need not compile again; and nothing of the SDKs is loaded for a setting that is missing.
    enableCompileCache(join(settings.dataDir, "compiled"));
    const { serve } = await import("./serve.ts");
    await serve({
      settings,
      log,
      endings,
      fail: (error) => end(1, log, endings, error),
      // As kill -9 would: another crai may be at work on the record already.
      lost: (error) => {
        log.fatal({ err: error }, "the database is lost; crai ends at once");
        process.exit(1);
      },
      now: () => new Date(),
    });
  } catch (error) {
    end(isUserError(error) ? 2 : 1, log, endings, error);
  }
}

await main();
