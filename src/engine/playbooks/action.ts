import type { z } from "zod";
import type { Clock } from "../../domain/clock.ts";
import type { Permission } from "../../domain/access.ts";
import type { Actor, Person } from "../../domain/actor.ts";
import type { App, Environment, Target } from "../../domain/app.ts";
import type { Inverse, PlannedStep, ResourceCall, Warning } from "../../domain/plan.ts";
import type { StepAnswer } from "../../domain/run.ts";
import type { Chart } from "../../domain/chart.ts";
import type { Config } from "../../domain/config.ts";
import type { EvidenceFile, EvidenceManifest } from "../../domain/evidence.ts";
import type { Incident } from "../../domain/incident.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { Attachment, View } from "../../domain/view.ts";
import type { IncidentRecord } from "../incidents/incident-record.ts";
import type { PassedPreflight } from "../preflight-record.ts";
import type { Cluster, HttpProbe, Json, Metrics, ModelRegistry, TlsProbe } from "../ports.ts";

/** What is recorded about one pod template of one target. */
export interface KnownHealth {
  template: string;
  revision: number;
  healthyAt: Date | null;
  badAt: Date | null;
  badWhy: string | null;
}

/** What was kept of evidence; `sha256` is of its manifest. */
export interface KeptEvidence {
  files: number;
  bytes: number;
  sha256: string;
  missing: string[];
}

/** Where a step keeps copies of what it saw, with its entry on the timeline; once. */
export interface StepEvidence {
  kept(): Promise<KeptEvidence | null>;
  keep(
    about: Pick<EvidenceManifest, "app" | "environment" | "cluster" | "namespace">,
    files: readonly EvidenceFile[],
    missing: readonly string[],
  ): Promise<KeptEvidence>;
}

/** The step that an action is carried out for; null while it is only planned. */
export interface StepInHand {
  run: number;
  step: string;
  /** 1 for the first try; grows with each `retry`. */
  attempt: number;
  /** Whether the engine knows that it has acted. */
  acted(): boolean;
  /** What people have answered to it so far, oldest first. */
  answers(): Promise<StepAnswer[]>;
  /** Keeps that crai itself found an item to be so, as a person's tick is kept; the first answer to an item counts. */
  tick(item: string, found: string): Promise<void>;
  evidence: StepEvidence;
}

/** A run as others are told of it. */
export interface RecentRun {
  number: number;
  app: string | null;
  title: string;
  startedAt: Date;
}

/** An alert as others are told of it. */
export interface RecentAlert {
  title: string;
  app: string | null;
  level: string;
  firing: boolean;
  startedAt: Date;
}

/** Other actions, for one that waits for what they find. Only those that look. */
export interface Probes {
  plan(action: string, params: Json): Promise<PlannedAction<Json>>;
  look(action: string, state: Json, since: Date): Promise<Observation>;
}

/** What every action may use. */
export interface BaseContext {
  /** An alert's proposal is planned read-only: no dry run of writes; the person who confirms it gets the full plan. */
  actor: Actor;
  metrics: Metrics;
  http: HttpProbe;
  tls: TlsProbe;
  registry: ModelRegistry;
  /** What crai.yaml says beside apps. */
  settings: Pick<
    Config,
    | "access"
    | "apps"
    | "clusters"
    | "dashboards"
    | "domains"
    | "emergency"
    | "jobs"
    | "manifests"
    | "preflight"
  >;
  /** The outage of an app that is not resolved, if there is one. */
  openOutage: (app: string, environment: string) => Promise<Incident | undefined>;
  /** What is written down of the incident that it is planned or carried out in; null: in none. */
  incidentRecord: () => Promise<IncidentRecord | null>;
  /** What crai itself has done in an environment since then, newest first; nothing of confidential incidents. */
  recentRuns(environment: string, since: Date): Promise<RecentRun[]>;
  /** Alerts in an environment that fire or have begun since then, newest first; nothing of confidential incidents. */
  recentAlerts(environment: string, since: Date): Promise<RecentAlert[]>;
  /** The playbooks in force, and when somebody should look through each again. */
  reviews: () => { name: string; owner: string; nextReview: string }[];
  /** The newest pre-deployment checklist of a tag that passed within so many ms. */
  preflightFor: (
    about: { tag: string; environment: string },
    within: number,
  ) => Promise<PassedPreflight | undefined>;
  /** Recorded health of a target's templates, by template digest. */
  healthOf: (target: Target) => Promise<ReadonlyMap<string, KnownHealth>>;
  /** Keys the short hashes by which hidden values are compared. */
  maskKey: string;
  waits: { settleMs: number; windowMs: number };
  /** The steps of the same plan before this one, as planned: a wait must know what it waits for. */
  before: readonly Pick<PlannedStep, "action" | "targets" | "state">[];
  inHand: StepInHand | null;
  probes: Probes;
  now: Clock;
}

export type NamedApp = App & { name: string };
export type NamedEnvironment = Environment & { name: string };

/** What an action about one app may use. `cluster` acts with the actor's own identity. */
export interface ActionContext extends BaseContext {
  app: NamedApp;
  environment: NamedEnvironment;
  target: Target;
  cluster: Cluster;
  /** Recorded health of the target's templates, by template digest. */
  health: ReadonlyMap<string, KnownHealth>;
}

/** What an action about a whole environment, or about its cluster, may use. */
export interface EnvironmentContext extends BaseContext {
  /** Its name. */
  environment: string;
  /** The one cluster that its apps run on, with the actor's own identity. */
  cluster: Cluster;
  clusterName: string;
  /** Namespaces of its apps, without doubles. */
  namespaces: readonly string[];
  apps: readonly { app: NamedApp; environment: NamedEnvironment; target: Target }[];
}

/**
 * What an action is about, and therefore which rights it needs: those for the app; for the environment as a whole (a
 * rule that is bound to apps grants none); for everything (a rule that is bound to anything grants none); or it touches
 * no cluster, and the rights are the playbook's own.
 */
export interface Contexts {
  app: ActionContext;
  environment: EnvironmentContext;
  cluster: EnvironmentContext;
  none: BaseContext;
}
export type ActionScope = keyof Contexts;

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
  /** What it makes goes by itself and changes nothing that users depend on: nothing to undo, and no cure to judge. */
  passing?: boolean;
  /** Why a second person has to agree, whatever the playbook's risk: one sentence. */
  guarded?: string;
  state: State;
  /**
   * Workloads it changes, where they are not simply the app's own; they are locked. An action about a whole environment
   * that names none locks all of its apps.
   */
  targets?: Target[];
  /** Names of the apps it changes, where that is known of an action about an environment: rights are asked for each. */
  apps?: string[];
}

/**
 * What the world says about a step. `done` and `failed` rest on evidence; `diverged` = the world is neither as before
 * nor as intended; `unknown` = it could not be read. `values`: what it found, as data for later steps
 * (`steps.<id>.values`) and for whoever reads the run; of a pending one, what it has found so far.
 */
export type Observation =
  | { state: "done"; evidence: Evidence[]; values?: Json }
  | { state: "pending"; detail: string; values?: Json }
  | { state: "failed"; detail: string; evidence: Evidence[]; values?: Json }
  | { state: "diverged"; detail: string }
  | { state: "unknown"; detail: string; values?: Json };

/** An item that somebody should have answered by a time. */
export interface Due {
  item: string;
  text: string;
  /** Who sees to it, in the playbook's words; null: nobody by name. */
  owner: string | null;
  /** ms after the step began. */
  ms: number;
}

/** What somebody is still to do. `owner`: a team, in words. */
export interface OpenItem {
  text: string;
  owner: string | null;
}

/** How an action asks people, and what it takes for an answer. The engine asks, authorizes and keeps the answers. */
export interface People<State extends Json = Json> {
  permission: Permission;
  /** The access role that answers this item beside that; null: whoever has the permission. */
  by(state: State, item: string | null): string | null;
  /** Never the person who started the run. */
  another: boolean;
  /** Posted when the step begins, and edited as people answer. */
  ask(
    state: State,
    about: {
      run: number;
      step: string;
      title: string;
      answers: readonly StepAnswer[];
      /** What the step has found so far. */
      found: Json | null;
      open: boolean;
      /** When the step began, and now: what is overdue is shown. UTC. */
      since: Date;
      now: Date;
    },
  ): View;
  /** What should be answered by when; those it concerns are reminded once. */
  due?(state: State): Due[];
  /** The item and the value that somebody's words come to; throws a UserError when they are no answer. */
  read(
    state: State,
    said: {
      run: number;
      step: string;
      item: string | null;
      text: string;
      note: string | null;
      actor: Person;
      answers: readonly StepAnswer[];
      found: Json | null;
    },
  ): Pick<StepAnswer, "item" | "value">;
  /** What is still to be done, where that is more than the step itself. */
  open?(state: State, answers: readonly StepAnswer[]): OpenItem[];
  /** What the item is called on the timeline; null: as the step. */
  itemText(state: State, item: string): string | null;
}

/**
 * One thing a step may do: a small declarative object in src/actions/. A step that changes something has `apply`, which
 * must be safe to call again after a crash; one that only looks has none, and is observed until it is no longer pending.
 */
export interface Action<
  Params = unknown,
  State extends Json = Json,
  Scope extends ActionScope = ActionScope,
> {
  name: string;
  /** Default: `app`. */
  scope?: Scope;
  params: z.ZodType<Params>;
  permission: Permission;
  /** Parameters that are only ever shown to people: free text may reach these and no others. */
  freeText?: readonly string[];
  /** It ends pods: what is to be seen in them is gone afterwards. */
  endsPods?: true;
  plan(params: Params, context: Contexts[Scope]): Promise<PlannedAction<State>>;
  /**
   * Acts once. The caller has just observed `pending`. Throws PlanDrifted when what the plan was made of has changed,
   * and ClusterUnreachable when it is not known whether the write arrived: observe again before anything else.
   */
  apply?(state: State, context: Contexts[Scope]): Promise<void>;
  /** `since`: when the step began (UTC), so that windows start after the rollout. */
  observe(state: State, context: Contexts[Scope], since: Date): Promise<Observation>;
  /** Ends what it left running when its step ended otherwise than well. Safe to call again. */
  halt?(state: State, context: Contexts[Scope]): Promise<void>;
  /**
   * Whether what this would put back is recorded as healthier than what is there. Only such an action may compensate by
   * itself; null: it may not, and why is said to people.
   */
  isHealthier?(state: State, context: Contexts[Scope]): Promise<{ healthier: boolean; why: string }>;
  /** Of one that looks: at what a change needs and not at what came of it, so that an undo does not look again. */
  prepares?: boolean;
  /** Workloads that it reads: it looks again when one of them has changed. */
  watches?(state: State, context: Contexts[Scope]): readonly Target[];
  /** ms between two looks that nothing else brings about; default: 1 s. */
  lookEvery?(state: State): number;
  /** What its step found, for people: where a run ends with one, its message says that, and its steps stand in the thread. */
  report?(values: Json): View | null;
  /** What its step leaves to be read, as files for the thread of its run: asked for once, when it has ended. */
  files?(state: State, context: Contexts[Scope]): Promise<Attachment[]>;
  /** What its step found as a picture, for the thread of its run; null: there is nothing to draw. */
  picture?: (values: Json) => Chart | null;
  /** Of an action that waits for people. */
  people?: People<State>;
}

/** Keeps the types of params and state together; the catalogue forgets them. */
export function defineAction<Params, State extends Json, Scope extends ActionScope = "app">(
  action: Action<Params, State, Scope> & (Scope extends "app" ? object : { scope: Scope }),
): Action {
  return action;
}
