import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createAlertmanager, type AlertmanagerTiming } from "./alerts/alertmanager.ts";
import { createGrafana } from "./alerts/grafana.ts";
import { pagerReceiver, webhookReceiver } from "./alerts/receivers.ts";
import { createRuler } from "./alerts/ruler.ts";
import { alertRules } from "./alerts/rules.ts";
import { createApps } from "./apps/apps.ts";
import { practiceApps } from "./apps/practice-apps.ts";
import { startControllers } from "./cluster/controllers/start.ts";
import { practiceIdentities } from "./cluster/identities.ts";
import { createLogs } from "./cluster/kubelet/logs.ts";
import type { Timing as PodTiming } from "./cluster/kubelet/timing.ts";
import { seedCluster } from "./cluster/seed/seed-cluster.ts";
import { createCluster } from "./cluster/server.ts";
import { craiConfig, craiEnvironment, kubeconfig, type Pace, sandboxPace } from "./crai-config.ts";
import { createCraiChild } from "./crai-child.ts";
import { lockFolder } from "./folder-lock.ts";
import { freePort } from "./free-port.ts";
import { sendJson } from "./http.ts";
import { accessOf, kubeReader } from "./metrics/kube-reader.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { storeReader } from "./metrics/store-reader.ts";
import { listen } from "./one-port.ts";
import { services } from "./pager/account.ts";
import { createPager } from "./pager/pager.ts";
import type { WebhookTiming } from "./pager/webhooks.ts";
import { createPanel } from "./panel/panel.ts";
import { createReleases } from "./panel/releases.ts";
import { systemFaults } from "./panel/system-faults.ts";
import type { Part } from "./part.ts";
import { alertmanagerToken, cluster as clusterSeed, grafanaToken, pager as pagerSeed } from "./seed.ts";
import type { Timings as SlackTiming } from "./slack/app/link.ts";
import { readManifest } from "./slack/manifest.ts";
import { createSlackWorkspace } from "./slack/workspace.ts";

export interface SandboxOptions {
  /** 0: any free one. */
  port: number;
  /** crai's record of an earlier start in it is thrown away. */
  dataDir: string;
  /** false: only the outside systems; the test brings its own crai, or none. */
  crai: boolean;
  /** Whether the web page is built and served; tests that open no browser do without. */
  page?: boolean;
  timing?: SandboxTiming;
  alerting?: Partial<Alerting>;
  /**
   * The current context of this kubeconfig in place of the practice cluster, for crai, the metrics and the releases.
   * It must reach a cluster with the runbook's workloads as somebody who may impersonate everybody.
   */
  kubeconfig?: string;
  /** Added to crai's environment, or in place of what the sandbox sets there. */
  env?: Record<string, string>;
}

/** How a bad release becomes known: all in milliseconds, all optional. */
export interface Alerting {
  /** Which of crai's two webhooks about the same trouble comes first. */
  order: "together" | "alertmanager-first" | "pagerduty-first";
  /** How long a rule's expression must hold. */
  pending: number;
  /** Before Alertmanager's notification and before its event to PagerDuty. */
  webhookDelay: number;
  pagerDelay: number;
}

export interface SandboxTiming {
  /** Durations in the generated crai.yaml. */
  pace?: Partial<Pace>;
  /** Milliseconds between two readings of the metrics. */
  metrics?: number;
  pods?: Partial<PodTiming>;
  slack?: Partial<SlackTiming>;
  alertmanager?: Partial<AlertmanagerTiming>;
  /** PagerDuty's webhook deliveries. */
  webhooks?: Partial<WebhookTiming>;
  /** Milliseconds before a killed crai is started again. */
  craiRestart?: number;
}

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

const project = resolve(import.meta.dirname, "..");

/** Retries come soon, so that a crai that was killed hears what it missed within seconds. */
const webhookTiming: Partial<WebhookTiming> = { retryFirst: 500, retryMax: 5_000 };
const alertmanagerTiming: AlertmanagerTiming = {
  groupWait: 300,
  groupInterval: 5_000,
  repeatInterval: 4 * 3_600_000,
  retryFirst: 500,
};
const defaultAlerting: Alerting = { order: "together", pending: 1_000, webhookDelay: 0, pagerDelay: 0 };

/**
 * Starts everything outside crai on one port, and crai as a child unless told otherwise (`crai.ready()` waits for it).
 * @throws {PortInUse | FolderInUse} and the file system's errors for a folder that cannot be written.
 */
export async function startSandbox(options: SandboxOptions) {
  const { timing = {} } = options;
  const alerting = { ...defaultAlerting, ...options.alerting };
  const pace = { ...sandboxPace, ...timing.pace };
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const web = await listen(options.port);
  const origin = () => web.origin;
  const unlock = await lockFolder(dataDir, web.origin).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  forgetLastSession(dataDir);
  const craiPort = await freePort();
  const craiUrl = `http://127.0.0.1:${craiPort}`;

  const now = () => new Date();
  const cluster = createCluster({ identities: practiceIdentities, now });
  seedCluster(cluster.store, now());
  const controllers = startControllers(cluster.store, { now, ...(timing.pods && { timing: timing.pods }) });
  cluster.logs = createLogs(cluster.store, now);

  const slack = createSlackWorkspace({
    manifest: readManifest(join(project, "manifest.yml")),
    ...(timing.slack && { timings: timing.slack }),
  });
  const pager = createPager({ origin, timing: { ...webhookTiming, ...timing.webhooks } });
  pager.subscribe(`${craiUrl}/webhooks/pagerduty`, [pagerSeed.webhookSecret]);

  const real = options.kubeconfig === undefined ? null : accessOf(options.kubeconfig);
  const metrics = createMetrics({
    read: real ? kubeReader(real) : storeReader(cluster.store),
    apps: practiceApps,
    ...(timing.metrics && { interval: timing.metrics }),
  });
  const alertmanager = createAlertmanager({
    receivers: receivers(),
    sequence: alerting.order === "together" ? "together" : "in-order",
    groupBy: ["alertname", "app", "node"],
    timing: { ...alertmanagerTiming, ...timing.alertmanager },
  });
  const ruler = createRuler(
    alertRules(pace.rate, alerting.pending),
    metrics,
    (alerts) => alertmanager.receive(alerts),
    {
      origin,
    },
  );
  const grafana = createGrafana({
    url: `${craiUrl}/webhooks/grafana`,
    token: grafanaToken,
    origin: web.origin,
  });

  function receivers() {
    const crai = webhookReceiver({
      url: `${craiUrl}/webhooks/alertmanager`,
      token: alertmanagerToken,
      origin: web.origin,
      delayMs: alerting.webhookDelay,
    });
    const pagerduty = pagerReceiver({
      url: `${web.origin}/pager/v2/enqueue`,
      origin: web.origin,
      delayMs: alerting.pagerDelay,
      routingKey: routingKeyOf,
      ...(alerting.order === "pagerduty-first" && { settled: () => pager.webhooks.idle() }),
    });
    return alerting.order === "pagerduty-first" ? [pagerduty, crai] : [crai, pagerduty];
  }

  writeFileSync(join(dataDir, "crai.yaml"), craiConfig(web.origin, pace, real?.context ?? clusterSeed.name));
  writeFileSync(join(dataDir, "kubeconfig"), kubeconfig(web.origin), { mode: 0o600 });
  const craiEnv: Record<string, string> = {
    ...craiEnvironment(web.origin, dataDir, craiPort),
    ...(options.kubeconfig !== undefined && { KUBECONFIG: resolve(options.kubeconfig) }),
    ...options.env,
  };
  const crai = createCraiChild({
    project,
    logFile: join(dataDir, "crai.log"),
    env: { ...inherited(), ...craiEnv },
    url: craiUrl,
    ...(timing.craiRestart && { restartAfter: timing.craiRestart }),
  });
  const panel = createPanel({
    origin,
    releases: createReleases(real ?? { server: `${web.origin}/k8s` }, metrics),
    faults: systemFaults({ slack, pager, cluster }),
    pager,
    alertmanager,
    crai,
    metrics,
    rate: pace.rate,
  });

  web.mount("/k8s", cluster);
  web.mount("/slack", slack);
  web.mount("/pager", pager);
  web.mount("/prom", metrics);
  web.mount("/apps", createApps(practiceApps, metrics));
  web.mount("/panel", panel);
  web.mount("/sandbox", aboutSandbox());
  // Rates need two readings: the first is made now, so that the second is soon.
  await metrics.tick();
  if (options.crai) crai.start();
  if (options.page) {
    const { createPage } = await import("./page/build.ts");
    web.mount("/", await createPage());
  }

  return {
    url: web.origin,
    dataDir,
    cluster,
    slack,
    pager,
    metrics,
    alertmanager,
    grafana,
    crai,
    /** crai's environment without what it inherits: for a test that starts crai, or its CLI, by itself. */
    craiEnv,
    async close(): Promise<void> {
      await crai.stop();
      ruler.close();
      alertmanager.close();
      controllers.close();
      await web.close();
      unlock();
    },
  };
}

/**
 * Workspace, cluster and pager begin anew with each start. A record of channels and incidents that are no more would
 * mislead crai: it would attach the first new alert to an old outage whose channel nobody can see.
 */
function forgetLastSession(dataDir: string): void {
  const record = join(dataDir, "crai");
  if (existsSync(record)) {
    // Moved first: the PostgreSQL of a crai that was killed may still be at home there, and finds its own end.
    const gone = join(dataDir, `crai-of-last-session-${process.pid}`);
    renameSync(record, gone);
    rmSync(gone, { recursive: true, force: true });
  }
  rmSync(join(dataDir, "crai.log"), { force: true });
}

function routingKeyOf(appName: string): string | undefined {
  const app = practiceApps.find(({ name }) => name === appName);
  return services.find(({ id }) => id === app?.pagerdutyService)?.routingKey;
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
