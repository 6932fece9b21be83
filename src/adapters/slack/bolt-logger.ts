import { type Logger as BoltLogger, LogLevel } from "@slack/bolt";
import type { Logger } from "pino";

/**
 * Lets Bolt and its clients write to our log. Their debug lines hold whole requests and answers, so those go nowhere; of
 * the others only the text is kept, because an object among the arguments may hold a body too.
 */
export function boltLogger(log: Logger): BoltLogger {
  function text(parts: unknown[]): string {
    return parts
      .map((part) => (part instanceof Error ? part.message : part))
      .filter((part) => typeof part === "string")
      .join(" ");
  }
  return {
    debug: () => undefined,
    info: (...parts: unknown[]) => log.debug(text(parts)),
    warn: (...parts: unknown[]) => log.warn(text(parts)),
    error: (...parts: unknown[]) => log.error(text(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
