import type { Actor } from "../../domain/actor.ts";
import { targetKey, targetOf } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import type { Database } from "../../store/database.ts";
import { healthOf } from "../../store/health.ts";
import { findTarget } from "../commands/apps.ts";
import type { ActionContext, KnownHealth } from "../playbooks/action.ts";
import type { Clusters, HttpProbe, Metrics } from "../ports.ts";

export interface Where {
  app: string;
  environment: string;
  actor: Actor;
  before: readonly PlannedStep[];
}

export interface ContextOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines">;
  clusters: Clusters;
  metrics: Metrics;
  http: HttpProbe;
  maskKey: string;
  now: Clock;
}

async function knownHealth(db: Database, target: string): Promise<Map<string, KnownHealth>> {
  const rows = await healthOf(db, target);
  return new Map(
    rows.map((row) => [
      row.template,
      {
        template: row.template,
        revision: row.revision,
        healthyAt: row.healthy_at,
        badAt: row.bad_at,
        badWhy: row.bad_why,
      },
    ]),
  );
}

/** What an action may use, with the actor's own identity. */
export function createContext({ db, config, clusters, metrics, http, maskKey, now }: ContextOptions) {
  return async ({ app: appName, environment: name, actor, before }: Where): Promise<ActionContext> => {
    const { app, environment } = findTarget(config.apps, appName, name);
    const target = targetOf(environment);
    const { settle, window } = config.deadlines;
    return {
      app,
      environment,
      target,
      actor,
      cluster: clusters.as(actor, target.cluster),
      metrics,
      http,
      health: await knownHealth(db, targetKey(target)),
      maskKey,
      waits: { settleMs: settle, windowMs: window },
      before,
      now,
    };
  };
}
