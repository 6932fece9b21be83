import type { Logger } from "pino";
import { type App, type Environment, targetKey, targetOf } from "../domain/app.ts";
import type { Clock } from "../domain/clock.ts";
import type { Config } from "../domain/config.ts";
import { templateDigest } from "../domain/pod-template.ts";
import { firingAlerts } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import { recordSighting } from "../store/health.ts";
import type { Clusters, Metrics } from "./ports.ts";

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
  for (const { title, query, below, above } of Object.values(app.metrics)) {
    if (below === undefined && above === undefined) continue;
    const reading = await metrics.query(cluster, query);
    if (!reading.known) return undefined;
    if (below !== undefined && reading.value >= below) return `${title} over its target`;
    if (above !== undefined && reading.value <= above) return `${title} under its target`;
  }
  return null;
}

/**
 * Watches which template each app runs and how it fares, so that a rollback knows the last healthy one. Reads as the
 * observer, who sees no Secrets. What cannot be read is not recorded: unknown is neither well nor bad.
 */
export function startObserver({ db, config, clusters, metrics, log, now }: ObserverOptions): {
  stop(): Promise<void>;
} {
  async function observe(
    name: string,
    app: App,
    [environmentName, environment]: [string, Environment],
  ): Promise<void> {
    const target = targetOf(environment);
    const cluster = clusters.as({ kind: "observer" }, target.cluster);
    const workload = await cluster.workload(target);
    const [rollout, revisions, alerts, why] = await Promise.all([
      cluster.rolloutStatus(workload),
      cluster.revisions(workload),
      firingAlerts(db, name, environmentName),
      whyUnwell(app, target.cluster, metrics),
    ]);
    // While a rollout is under way two templates serve, and what is seen belongs to neither.
    if (rollout.state === "progressing") return;
    const reason =
      rollout.state === "failed"
        ? rollout.detail
        : alerts.length > 0
          ? `alert firing: ${alerts[0]?.title}`
          : why;
    if (reason === undefined) return;
    await recordSighting(db, {
      target: targetKey(target),
      template: templateDigest(workload.template),
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
