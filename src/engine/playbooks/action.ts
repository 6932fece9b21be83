import type { z } from "zod";
import type { Clock } from "../../domain/clock.ts";
import type { Permission } from "../../domain/access.ts";
import type { Actor } from "../../domain/actor.ts";
import type { App, Environment, Target } from "../../domain/app.ts";
import type { Inverse, PlannedStep, ResourceCall, Warning } from "../../domain/plan.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { Cluster, HttpProbe, Json, Metrics } from "../ports.ts";

/** What is recorded about one pod template of one target. */
export interface KnownHealth {
  template: string;
  revision: number;
  healthyAt: Date | null;
  badAt: Date | null;
  badWhy: string | null;
}

/** What an action may use. `cluster` acts with the actor's own identity. */
export interface ActionContext {
  app: App & { name: string };
  environment: Environment & { name: string };
  target: Target;
  /** An alert's proposal is planned read-only: no dry run of writes; the person who confirms it gets the full plan. */
  actor: Actor;
  cluster: Cluster;
  metrics: Metrics;
  http: HttpProbe;
  /** Recorded health of the target's templates, by template digest. */
  health: ReadonlyMap<string, KnownHealth>;
  /** Keys the short hashes by which hidden values are compared. */
  maskKey: string;
  waits: { settleMs: number; windowMs: number };
  /** The steps of the same plan before this one, as planned: a wait must know what it waits for. */
  before: readonly Pick<PlannedStep, "action" | "targets" | "state">[];
  now: Clock;
}

/** What a step would do, worked out before anybody says yes. Nothing has been touched. */
export interface PlannedAction<State extends Json> {
  title: string;
  calls: ResourceCall[];
  facts: { label: string; value: string }[];
  /** Unified diff with literal values hidden; null: nothing to show. */
  diff: string | null;
  kubectl: string[];
  /** What was last done to the target, as `v1.2.0 shipped` and when (ISO 8601, UTC). */
  lastChange?: { what: string; at: string };
  /** Other values of `--to` it could have been planned with, as people choose among them. */
  alternatives?: { label: string; value: string }[];
  warnings: Warning[];
  fingerprint: string;
  inverse: Inverse | null;
  state: State;
}

/**
 * What the world says about a step. `done` and `failed` rest on evidence; `diverged` = the world is neither as before
 * nor as intended; `unknown` = it could not be read.
 */
export type Observation =
  | { state: "done"; evidence: Evidence[] }
  | { state: "pending"; detail: string }
  | { state: "failed"; detail: string; evidence: Evidence[] }
  | { state: "diverged"; detail: string }
  | { state: "unknown"; detail: string };

/**
 * One thing a step may do: a small declarative object in src/actions/. A step that changes something has `apply`, which
 * must be safe to call again after a crash; one that only looks has none, and is observed until it is no longer pending.
 */
export interface Action<Params = unknown, State extends Json = Json> {
  name: string;
  params: z.ZodType<Params>;
  permission: Permission;
  plan(params: Params, context: ActionContext): Promise<PlannedAction<State>>;
  /**
   * Acts once. The caller has just observed `pending`. Throws PlanDrifted when what the plan was made of has changed,
   * and ClusterUnreachable when it is not known whether the write arrived: observe again before anything else.
   */
  apply?(state: State, context: ActionContext): Promise<void>;
  /** `since`: when the step began (UTC), so that windows start after the rollout. */
  observe(state: State, context: ActionContext, since: Date): Promise<Observation>;
}

/** Keeps the types of params and state together; the catalogue forgets them. */
export function defineAction<Params, State extends Json>(action: Action<Params, State>): Action {
  return action;
}
