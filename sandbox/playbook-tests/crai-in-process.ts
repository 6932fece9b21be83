import { pino } from "pino";
import { createClusters } from "../../src/adapters/kubernetes/clusters.ts";
import { createPagerClient } from "../../src/adapters/pagerduty/client.ts";
import { createPager } from "../../src/adapters/pagerduty/pager.ts";
import { createLookup } from "../../src/adapters/slack/lookup.ts";
import { readCommandLineSettings } from "../../src/config.ts";
import type { Database } from "../../src/store/database.ts";
import { type Engine, wireEngine } from "../../src/wire-engine.ts";
import type { Sandbox } from "../start-sandbox.ts";

/** crai's engine in this process, with the sandbox for everything outside; whoever asks carries the runs out. */
export async function craiInProcess(
  { craiEnv }: Sandbox,
  { db, playbooks }: { db: Database; playbooks: string },
): Promise<Engine> {
  const settings = readCommandLineSettings(craiEnv);
  const { config, secrets } = settings;
  const log = pino({ level: "silent" });
  const now = (): Date => new Date();
  const { slackBotToken: botToken, pagerdutyToken: token } = secrets;
  return wireEngine({
    db,
    config,
    playbooks,
    clusters: createClusters({
      kubeconfig: settings.kubeconfig,
      clusters: config.clusters,
      identities: config.access.identities,
      version: "check",
      log,
    }),
    directory: createLookup({ botToken, apiUrl: settings.slackApiUrl }, log),
    pager: token === null ? null : createPager(createPagerClient({ token, url: settings.pagerdutyApiUrl })),
    registryToken: secrets.mlflowToken,
    chat: null,
    keepsRoster: true,
    warn: () => undefined,
    executor: () => Promise.resolve("serve"),
    enqueue: () => Promise.resolve(),
    wakeOutbox: () => undefined,
    log,
    now,
  });
}
