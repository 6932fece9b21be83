import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { craiConfig, craiEnvironment, kubeconfig, type Pace, sandboxPace } from "./crai-config.ts";
import { createCraiChild } from "./crai-child.ts";
import { lockFolder } from "./folder-lock.ts";
import { freePort } from "./free-port.ts";
import { sendJson } from "./http.ts";
import { listen } from "./one-port.ts";
import { createPager } from "./pager/pager.ts";
import type { WebhookTiming } from "./pager/webhooks.ts";
import type { Part } from "./part.ts";
import { pager as pagerSeed } from "./seed.ts";

export interface SandboxOptions {
  /** 0: any free one. */
  port: number;
  dataDir: string;
  /** false: only the outside systems; the test brings its own crai, or none. */
  crai: boolean;
  timing?: SandboxTiming;
  /** Added to crai's environment, or in place of what the sandbox sets there. */
  env?: Record<string, string>;
}

export interface SandboxTiming {
  /** Durations in the generated crai.yaml. */
  pace?: Partial<Pace>;
  /** PagerDuty's webhook deliveries, in milliseconds. */
  webhooks?: Partial<WebhookTiming>;
}

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

const project = resolve(import.meta.dirname, "..");

/** Retries come soon, so that a crai that was killed hears what it missed within seconds. */
const webhookTiming: Partial<WebhookTiming> = { retryFirst: 500, retryMax: 5_000 };

/**
 * Starts everything outside crai on one port, and crai as a child unless told otherwise (`crai.ready()` waits for it).
 * @throws {PortInUse | FolderInUse} and the file system's errors for a folder that cannot be written.
 */
export async function startSandbox(options: SandboxOptions) {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const web = await listen(options.port);
  const unlock = await lockFolder(dataDir, web.origin).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });

  const pager = createPager({
    origin: () => web.origin,
    timing: { ...webhookTiming, ...options.timing?.webhooks },
  });
  web.mount("/pager", pager);
  web.mount("/sandbox", aboutSandbox());

  const craiPort = await freePort();
  const craiUrl = `http://127.0.0.1:${craiPort}`;
  pager.subscribe(`${craiUrl}/webhooks/pagerduty`, [pagerSeed.webhookSecret]);

  writeFileSync(
    join(dataDir, "crai.yaml"),
    craiConfig(web.origin, { ...sandboxPace, ...options.timing?.pace }),
  );
  writeFileSync(join(dataDir, "kubeconfig"), kubeconfig(web.origin), { mode: 0o600 });
  const craiEnv = { ...craiEnvironment(web.origin, dataDir, craiPort), ...options.env };
  const crai = createCraiChild({
    project,
    logFile: join(dataDir, "crai.log"),
    env: { ...inherited(), ...craiEnv },
    url: craiUrl,
  });
  if (options.crai) crai.start();

  return {
    url: web.origin,
    dataDir,
    pager,
    crai,
    /** crai's environment without what it inherits: for a test that starts crai, or its CLI, by itself. */
    craiEnv,
    async close(): Promise<void> {
      await crai.stop();
      await web.close();
      unlock();
    },
  };
}

/** Tells a second sandbox who holds the folder. */
function aboutSandbox(): Part {
  return {
    handle: (_req, res) => sendJson(res, 200, { pid: process.pid }),
    close: () => Promise.resolve(),
  };
}

/** The machine's environment without settings that would lead crai away from the sandbox. */
function inherited(): Record<string, string> {
  const ours = /^(CRAI_|SLACK_|PAGERDUTY_|ALERTMANAGER_|GRAFANA_|DATABASE_URL|KUBECONFIG$|NODE_OPTIONS$)/;
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !ours.test(name),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}
