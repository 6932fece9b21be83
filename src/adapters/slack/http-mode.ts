import type { IncomingMessage, ServerResponse } from "node:http";
import { type App, HTTPReceiver } from "@slack/bolt";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import { boltLogger } from "./bolt-logger.ts";
import type { InstallationSource } from "./installation.ts";
import { recordFirst } from "./record-first.ts";

/** How far a request's own clock may be from ours, both ways. */
const skewMs = 5 * 60_000;
const bodyLimit = 1024 * 1024;

export type HttpHandler = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Signed requests of Slack: the handler of POST /slack/events. Bolt checks signature and age but takes a signature
 * dated in the future, which would be good for replay until then.
 */
export function createHttpMode(options: {
  app: App;
  signingSecret: string;
  installation: InstallationSource;
  now: Clock;
  log: Logger;
}): HttpHandler {
  const { app, signingSecret, installation, now, log } = options;
  const receiver = new HTTPReceiver({
    signingSecret,
    bodyLimit,
    logger: boltLogger(log),
  });
  receiver.init(recordFirst(app));

  return function handle(req, res) {
    const stamp = Number(req.headers["x-slack-request-timestamp"] ?? 0);
    if (stamp * 1000 > now().getTime() + skewMs) {
      log.warn("a request dated in the future was refused");
      res.writeHead(401).end();
      return;
    }
    // Until Slack has told who we are, we cannot tell whether a request is for us. Slack repeats events.
    if (installation.known() === null) {
      installation.get().catch((err: unknown) => log.warn({ err }, "Slack does not say who crai is"));
      res.writeHead(503).end();
      return;
    }
    try {
      receiver.requestListener(req, res);
    } catch {
      // Bolt throws for every path and method that is not its own.
      res.writeHead(404).end();
    }
  };
}
