import { webApi } from "@slack/bolt";
import type { Logger } from "pino";
import type { Directory } from "../../engine/ports.ts";
import { boltLogger } from "./bolt-logger.ts";
import { createDirectory } from "./directory.ts";

/** Who people are and who is in which group, for a command line: it asks Slack and hears nothing from it. */
export function createLookup(settings: { botToken: string; apiUrl: string | null }, log: Logger): Directory {
  const client = new webApi.WebClient(settings.botToken, {
    ...(settings.apiUrl === null ? {} : { slackApiUrl: settings.apiUrl }),
    timeout: 3000,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: boltLogger(log),
  });
  return createDirectory(client, log);
}
