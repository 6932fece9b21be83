import type { Logger } from "pino";
import { type App, type Environment, targetKey, targetOf, verifyingMetrics } from "../domain/app.ts";
import type { Clock } from "../domain/clock.ts";
import type { Config } from "../domain/config.ts";
import { templateDigest } from "../domain/pod-template.ts";
import { firingAlerts } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import { recordSighting } from "../store/health.ts";
import type { Cluster, Clusters, Metrics, PodFacts, RolloutStatus, Workload } from "./ports.ts";

export interface ObserverOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines">;
  clusters: Clusters;
  metrics: Metrics;
  log: Logger;
  now: Clock;
}

/** Why an app is not well at this moment; null: it is; undefined: not known. */
async function whyUnwell(app: App, cluster: string, metrics: Metrics): Promise<string | null | undefined> {
  for (const { title, query, below = Infinity, above = -Infinity } of verifyingMetrics(app)) {
    const reading = await metrics.query(cluster, query);
    if (!reading.known) return undefined;
    if (reading.value >= below) return `${title} over its target`;
    if (reading.value <= above) return `${title} under its target`;
  }
  return null;
}

/** Reasons a container of the release itself is to blame for; a pod that is merely starting has none of them. */
const broken = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "ErrImagePull",
  "InvalidImageName",
  "CreateContainerConfigError",
  "RunContainerError",
]);

/** Why the release that is being rolled out is bad already; undefined: nothing speaks against it yet. */
async function whyBroken(cluster: Cluster, workload: Workload): Promise<string | undefined> {
  const pods = await cluster.pods(workload);
  const youngest = pods.reduce<PodFacts | undefined>(
    (latest, pod) => (latest === undefined || pod.createdAt > latest.createdAt ? pod : latest),
    undefined,
  );
  const pod = pods.find(
    (candidate) => candidate.revision === youngest?.revision && broken.has(candidate.reason ?? ""),
  );
  return pod === undefined ? undefined : `its pods end in ${pod.reason}`;
}

/** Why the current template is not well; null: it is; undefined: nothing can be said. */
async function judge(
  rollout: RolloutStatus,
  seen: {
    alert: string | undefined;
    why: string | null | undefined;
    broken: () => Promise<string | undefined>;
  },
): Promise<string | null | undefined> {
  if (rollout.state === "failed") return rollout.detail;
  // While a rollout is under way two templates serve: alerts and metrics belong to neither, its own pods do.
  if (rollout.state === "progressing") return seen.broken();
  return seen.alert === undefined ? seen.why : `alert firing: ${seen.alert}`;
}

/**
 * Watches which template each app runs and how it fares, so that a rollback knows the last healthy one. Reads as the
 * observer, who sees no Secrets. What cannot be read is not recorded: unknown is neither well nor bad.
 */
export function startObserver({ db, config, clusters, metrics, log, now }: ObserverOptions): {
  stop(): Promise<void>;
} {
  /** By target: since when its template has served alone, as far as this process has seen. */
  const alone = new Map<string, { template: string; since: Date }>();

  function aloneSince(target: string, template: string, rollout: RolloutStatus): Date {
    const known = alone.get(target);
    if (known !== undefined && known.template === template && rollout.state === "done") return known.since;
    const since = now();
    alone.set(target, { template, since });
    return since;
  }

  async function observe(
    name: string,
    app: App,
    [environmentName, environment]: [string, Environment],
  ): Promise<void> {
    const target = targetOf(environment);
    const cluster = clusters.as({ kind: "observer" }, target.cluster);
    // How the app fares is read first: a release in between is young then, and not to blame.
    const [alerts, why] = await Promise.all([
      firingAlerts(db, name, environmentName),
      whyUnwell(app, target.cluster, metrics),
    ]);
    const workload = await cluster.workload(target);
    const [rollout, revisions] = await Promise.all([
      cluster.rolloutStatus(workload),
      cluster.revisions(workload),
    ]);
    const key = targetKey(target);
    const template = templateDigest(workload.template);
    const since = aloneSince(key, template, rollout);
    const { settle, window } = config.deadlines;
    const isYoung = now().getTime() - since.getTime() < settle + window;
    const reason = await judge(rollout, {
      // What fired before belongs to what ran before; if it is not cured, the metrics say so in time.
      alert: alerts.find((alert) => alert.starts_at >= since)?.title,
      why: isYoung && why !== null ? undefined : why,
      broken: () => whyBroken(cluster, workload),
    });
    if (reason === undefined) return;
    await recordSighting(db, {
      target: key,
      template,
      revision: revisions.find((revision) => revision.current)?.number ?? 0,
      well: reason === null,
      why: reason,
      at: now(),
      healthyAfter: config.deadlines.healthy,
    });
  }

  async function round(): Promise<void> {
    for (const [name, app] of Object.entries(config.apps)) {
      for (const environment of Object.entries(app.environments)) {
        await observe(name, app, environment).catch((err: unknown) =>
          log.debug({ err, app: name }, "health not observed"),
        );
      }
    }
  }

  let running: Promise<void> | undefined;
  const start = (): void => {
    running ??= round().finally(() => {
      running = undefined;
    });
  };
  const timer = setInterval(start, config.deadlines.observe);
  start();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
