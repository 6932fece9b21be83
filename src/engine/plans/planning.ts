import type { Actor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Database } from "../../store/database.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Actions, Playbooks } from "../playbooks/loaded.ts";
import type { Clusters, HttpProbe, Json, Metrics, ModelRegistry, TlsProbe } from "../ports.ts";

export interface PlanRequest {
  playbook: string;
  /** What it is about where its inputs do not say so; null: its inputs do, or it is about no one app. */
  app: string | null;
  /** null: the only one there is. */
  environment: string | null;
  /** As typed or as read before; those of type app and environment may be left out where `app` and `environment` are given. */
  inputs: Record<string, Json>;
  actor: Actor;
  incident: number | null;
  reason: string | null;
  channel: string | null;
  /** Its cause: planning again for the same cause finds the same plan. */
  key: string;
}

/** True: only whether it still fits is asked; rights were asked when it was planned, and the cluster has the last word. */
export interface Drift {
  drift?: boolean;
}

export interface PlannerOptions {
  db: Database;
  config: Pick<
    Config,
    | "access"
    | "apps"
    | "clusters"
    | "dashboards"
    | "deadlines"
    | "domains"
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
  authorizer: Authorizer;
  maskKey: string;
  now: Clock;
}
