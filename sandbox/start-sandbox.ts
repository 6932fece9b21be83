import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AlertingOptions, defaultAlerting, startAlerting } from "./alerts/alerting.ts";
import type { AlertmanagerTiming } from "./alerts/alertmanager.ts";
import { createApps } from "./apps/apps.ts";
import { practiceApps } from "./apps/practice-apps.ts";
import { createCi } from "./ci/ci.ts";
import type { Timing as PodTiming } from "./cluster/kubelet/timing.ts";
import { startPracticeCluster } from "./cluster/start-practice-cluster.ts";
import { craiConfig, craiEnvironment, kubeconfig, type Pace, sandboxPace } from "./crai-config.ts";
import { createCraiChild } from "./crai-child.ts";
import { stopEmbeddedPostgres } from "../src/store/embedded/start.ts";
import { createPracticeDatabase } from "./database/practice-database.ts";
import { lockFolder } from "./folder-lock.ts";
import { freePort } from "./free-port.ts";
import { sendJson } from "./http.ts";
import { accessOf, kubeReader } from "./metrics/kube-reader.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { storeReader } from "./metrics/store-reader.ts";
import { createModels } from "./registry/models.ts";
import { createRegistry } from "./registry/registry.ts";
import { servedVersion } from "./registry/served.ts";
import { createTrained } from "./registry/trained.ts";
import { listen } from "./one-port.ts";
import { createPager } from "./pager/pager.ts";
import type { WebhookTiming } from "./pager/webhooks.ts";
import { createPanel } from "./panel/panel.ts";
import { createReleases } from "./panel/releases.ts";
import { systemFaults } from "./panel/system-faults.ts";
import type { Part } from "./part.ts";
import { cluster as clusterSeed, model as modelSeed, pager as pagerSeed } from "./seed.ts";
import { forgetLastSession, writeConfiguration } from "./session-folder.ts";
import type { Timings as SlackTiming } from "./slack/app/link.ts";
import { readManifest } from "./slack/manifest.ts";
import { createSlackWorkspace } from "./slack/workspace.ts";
import { startPracticeTls } from "./tls/practice-tls.ts";

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
  /** Address of a real Prometheus for crai. It and a real Alertmanager then watch and tell, and the sandbox's do not. */
  prometheus?: string;
  /** Folder with a PostgreSQL of this machine, its pg_dump included, for the cluster's database in place of npm's. */
  postgres?: string;
  /** Added to crai's environment, or in place of what the sandbox sets there. */
  env?: Record<string, string>;
}

export type Alerting = Omit<AlertingOptions, "timing" | "evaluate">;

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

/**
 * Starts everything outside crai on one port, and crai as a child unless told otherwise (`crai.ready()` waits for it).
 * @throws {PortInUse | FolderInUse} and the file system's errors for a folder that cannot be written.
 */
export async function startSandbox(options: SandboxOptions) {
  const { timing = {} } = options;
  const pace = { ...sandboxPace, ...timing.pace };
  const real = options.kubeconfig === undefined ? null : accessOf(options.kubeconfig);
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const web = await listen(options.port);
  const unlock = await lockFolder(dataDir, web.origin).catch(async (error: unknown) => {
    await web.close();
    throw error;
  });
  await forgetLastSession(dataDir);
  const craiPort = await freePort();
  const craiUrl = `http://127.0.0.1:${craiPort}`;
  const origin = () => web.origin;

  const { cluster, controllers } = startPracticeCluster(timing.pods);
  const database = createPracticeDatabase(
    join(dataDir, "database"),
    options.postgres === undefined ? {} : { tools: options.postgres },
  );
  cluster.database = () => database.address();
  cluster.host = {
    shares: () => database.shares(),
    ...(options.postgres !== undefined && { tools: options.postgres }),
  };
  const slack = createSlackWorkspace({
    manifest: readManifest(join(project, "manifest.yml")),
    ...(timing.slack && { timings: timing.slack }),
  });
  const pager = createPager({ origin, timing: { ...webhookTiming, ...timing.webhooks } });
  pager.subscribe(`${craiUrl}/webhooks/pagerduty`, [pagerSeed.webhookSecret]);
  const models = createModels(modelSeed.name, modelSeed.alias);
  const served = () => servedVersion(cluster.store, clusterSeed.namespace, models);
  const registry = createRegistry(models, createTrained(cluster.store, clusterSeed.namespace, models));
  const metrics = createMetrics({
    modelAccuracy: () => served().figures.accuracy,
    read: real ? kubeReader(real) : storeReader(cluster.store),
    apps: practiceApps,
    ...(timing.metrics && { interval: timing.metrics }),
  });
  const alerting = startAlerting(
    { origin: web.origin, craiUrl, pager, metrics, rate: pace.rate },
    {
      ...defaultAlerting,
      ...options.alerting,
      timing: { ...defaultAlerting.timing, ...timing.alertmanager },
      evaluate: options.prometheus === undefined,
    },
  );

  const tls = await startPracticeTls(dataDir, "api.credit-risk-ai.example.com");
  const outside = {
    tls: { port: tls.port, ca: tls.ca },
    context: real?.context ?? clusterSeed.name,
    prometheus: options.prometheus ?? `${web.origin}/prom`,
  };
  const craiEnv: Record<string, string> = {
    ...craiEnvironment(web.origin, dataDir, craiPort),
    ...(options.kubeconfig !== undefined && { KUBECONFIG: resolve(options.kubeconfig) }),
    ...options.env,
  };
  writeConfiguration(dataDir, {
    config: craiConfig(web.origin, pace, outside),
    kubeconfig: kubeconfig(web.origin),
    env: craiEnv,
  });
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
    cluster,
    models,
    database,
    pager,
    alertmanager: alerting.alertmanager,
    crai,
    metrics,
    rate: pace.rate,
  });

  web.mount("/k8s", cluster);
  web.mount("/slack", slack);
  web.mount("/pager", pager);
  web.mount("/prom", metrics);
  web.mount("/mlflow", registry);
  web.mount(
    "/apps",
    createApps(practiceApps, metrics, () => {
      const { number, figures } = served();
      return { model: models.name, version: number, metrics: { ...figures } };
    }),
  );
  web.mount("/ci", createCi());
  web.mount("/panel", panel);
  web.mount("/sandbox", aboutSandbox());
  // Before crai asks: there is no figure until the cluster was read once.
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
    database,
    /** The registered model, and the faults of the registry that keeps it. */
    models,
    registry,
    alertmanager: alerting.alertmanager,
    grafana: alerting.grafana,
    /** The alerting rules, for a real Prometheus. */
    rules: alerting.rules,
    crai,
    /** crai's environment without what it inherits: for a test that starts crai, or its CLI, by itself. */
    craiEnv,
    /** For whoever does not want to wait: crai ends by itself when its parent is gone. */
    abandon: () => database.abandon(),
    async close(): Promise<void> {
      await crai.stop();
      // A crai that had to be killed leaves it behind.
      await stopEmbeddedPostgres(join(dataDir, "crai"));
      alerting.close();
      controllers.close();
      await web.close();
      await tls.close();
      await database.close();
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
