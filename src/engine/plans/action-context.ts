import type { Actor } from "../../domain/actor.ts";
import { targetKey, targetOf } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { UserError } from "../../domain/errors.ts";
import type { PlannedScope, PlannedStep } from "../../domain/plan.ts";
import type { Database } from "../../store/database.ts";
import { recentAlerts } from "../../store/alerts.ts";
import { openOutage } from "../../store/incidents.ts";
import { healthOf } from "../../store/health.ts";
import { findTarget } from "../commands/apps.ts";
import { incidentRecord } from "../incidents/incident-record.ts";
import { preflightFor } from "../preflight-record.ts";
import { recentRuns } from "../runs/recent-runs.ts";
import type { Authorizer } from "../authorizer.ts";
import type {
  Action,
  ActionContext,
  ActionScope,
  BaseContext,
  Contexts,
  EnvironmentContext,
  KnownHealth,
  Probes,
  StepInHand,
} from "../playbooks/action.ts";
import type { Actions, Playbooks } from "../playbooks/loaded.ts";
import type { Clusters, HttpProbe, Metrics, ModelRegistry, TlsProbe } from "../ports.ts";

export interface Where extends PlannedScope {
  actor: Actor;
  /** The plan's steps before the one it is for. */
  before: readonly PlannedStep[];
  inHand: StepInHand | null;
  /** The incident that the plan or run belongs to. */
  incident?: number | null;
}

export interface ContextOptions {
  db: Database;
  config: Pick<
    Config,
    | "access"
    | "apps"
    | "clusters"
    | "dashboards"
    | "deadlines"
    | "domains"
    | "emergency"
    | "jobs"
    | "manifests"
    | "preflight"
  >;
  actions: Actions;
  playbooks: () => Playbooks;
  clusters: Clusters;
  metrics: Metrics;
  http: HttpProbe;
  tls: TlsProbe;
  registry: ModelRegistry;
  authorizer: Pick<Authorizer, "demand">;
  maskKey: string;
  now: Clock;
}

/** Makes what an action may use, with the actor's own identity, for what the action is about. */
export interface MakeContext {
  app(where: Where): Promise<ActionContext>;
  for(action: Pick<Action, "name" | "scope">, where: Where): Promise<Contexts[ActionScope]>;
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

function missing(action: string, what: string): UserError {
  return new UserError(`${action} needs to know which ${what}.`, {
    why: `The playbook names no ${what} for it.`,
    next: `Whoever keeps the playbook adds an input of type ${what}.`,
  });
}

/** What its permission is asked for. `apps`: what an action about an environment is known to touch. */
export function scopesOf(
  action: Pick<Action, "scope">,
  { app, environment }: PlannedScope,
  apps?: readonly string[],
): PlannedScope[] {
  switch (action.scope ?? "app") {
    case "app":
      return [{ app, environment }];
    case "environment":
      return apps?.map((one) => ({ app: one, environment })) ?? [{ app: null, environment }];
    case "cluster":
      return [{ app: null, environment: null }];
    case "none":
      return [];
  }
}

/** Every app that has this environment, with its workload there. */
function appsIn(apps: Config["apps"], name: string): EnvironmentContext["apps"] {
  return Object.entries(apps).flatMap(([appName, app]) => {
    const environment = app.environments[name];
    if (environment === undefined) return [];
    const target = targetOf(environment);
    return [{ app: { ...app, name: appName }, environment: { ...environment, name }, target }];
  });
}

export function createContexts(options: ContextOptions): MakeContext {
  const { db, config, actions, clusters, metrics, http, tls, registry, authorizer, maskKey, now } = options;

  function baseOf(where: Where): BaseContext {
    const { settle, window } = config.deadlines;
    return {
      actor: where.actor,
      metrics,
      http,
      tls,
      registry,
      settings: config,
      openOutage: (app, environment) => openOutage(db, app, environment),
      incidentRecord: () => incidentRecord(db, where.incident ?? null),
      recentRuns: (environment, since) => recentRuns(db, environment, since),
      recentAlerts: (environment, since) => recentAlerts(db, environment, since),
      reviews: () =>
        [...options.playbooks().values()].map(({ metadata: { name, owner, nextReview } }) => ({
          name,
          owner,
          nextReview,
        })),
      preflightFor: (about, within) => preflightFor(db, about, { now: now(), within }),
      healthOf: (target) => knownHealth(db, targetKey(target)),
      maskKey,
      waits: { settleMs: settle, windowMs: window },
      before: where.before,
      inHand: where.inHand,
      probes: probesOf(where),
      now,
    };
  }

  function probesOf(where: Where): Probes {
    async function looking(name: string) {
      const action = actions.get(name);
      if (!action || action.apply !== undefined) throw new Error(`"${name}" is no action that looks`);
      return { action, context: await contextFor(action, where) };
    }
    return {
      async plan(name, params) {
        const { action, context } = await looking(name);
        if (where.actor.kind === "person")
          for (const scope of scopesOf(action, where))
            await authorizer.demand(where.actor, action.permission, scope);
        return action.plan(action.params.parse(params), context);
      },
      async look(name, state, since) {
        const { action, context } = await looking(name);
        return action.observe(state, context, since);
      },
    };
  }

  async function appContext(where: Where, action = "It"): Promise<ActionContext> {
    if (where.app === null) throw missing(action, "app");
    if (where.environment === null) throw missing(action, "environment");
    const { app, environment } = findTarget(config.apps, where.app, where.environment);
    const target = targetOf(environment);
    return {
      ...baseOf(where),
      app,
      environment,
      target,
      cluster: clusters.as(where.actor, target.cluster),
      health: await knownHealth(db, targetKey(target)),
    };
  }

  function environmentContext(where: Where, action: string): EnvironmentContext {
    const { environment } = where;
    if (environment === null) throw missing(action, "environment");
    const apps = appsIn(config.apps, environment);
    const [clusterName, ...others] = new Set(apps.map(({ target }) => target.cluster));
    if (clusterName === undefined || others.length > 0)
      throw new UserError(`${environment} is not on one cluster.`, {
        why:
          clusterName === undefined
            ? "No app of crai.yaml has this environment."
            : `Its apps are on ${[clusterName, ...others].join(", ")}.`,
        next: "Name the environments of different clusters differently in crai.yaml.",
      });
    return {
      ...baseOf(where),
      environment,
      clusterName,
      cluster: clusters.as(where.actor, clusterName),
      namespaces: [...new Set(apps.map(({ target }) => target.namespace))],
      apps,
    };
  }

  async function contextFor(
    { name, scope = "app" }: Pick<Action, "name" | "scope">,
    where: Where,
  ): Promise<Contexts[ActionScope]> {
    switch (scope) {
      case "app":
        return appContext(where, name);
      case "environment":
      case "cluster":
        return environmentContext(where, name);
      case "none":
        return baseOf(where);
    }
  }

  return { app: appContext, for: contextFor };
}
