import { actions } from "../../../src/actions/index.ts";
import type { Actor } from "../../../src/domain/actor.ts";
import type { Target } from "../../../src/domain/app.ts";
import { templateDigest } from "../../../src/domain/pod-template.ts";
import type {
  StepInHand,
  Action,
  ActionContext,
  KnownHealth,
  Observation,
  PlannedAction,
} from "../../../src/engine/playbooks/action.ts";
import { indexActions } from "../../../src/engine/playbooks/loaded.ts";
import type { Cluster, Json, JsonObject, ModelRegistry } from "../../../src/engine/ports.ts";
import { robin, type World } from "./world.ts";

const catalog = indexActions(actions);

const none = () => Promise.reject(new Error("no model registry here"));
const noRegistry: ModelRegistry = { aliases: none, versions: none, figures: none, setAlias: none };

export interface Circumstances {
  actor?: Actor;
  health?: ReadonlyMap<string, KnownHealth>;
  before?: ActionContext["before"];
  now?: () => Date;
  cluster?: Cluster;
  settings?: ActionContext["settings"];
  app?: Partial<ActionContext["app"]>;
  inHand?: ActionContext["inHand"];
}

function contextFor(world: World, target: Target, more: Circumstances = {}): ActionContext {
  const actor = more.actor ?? robin;
  return {
    app: {
      name: "app",
      title: "App",
      owner: "Team",
      alerts: [],
      onCall: [],
      docs: {},
      metrics: {},
      environments: {},
      ...more.app,
    },
    environment: {
      name: "prod",
      cluster: "world",
      namespace: target.namespace,
      workload: `${target.kind}/${target.name}`,
      health: [],
    },
    target,
    actor,
    cluster: more.cluster ?? world.clusters.as(actor, "world"),
    metrics: {
      query: async () => ({ known: false, why: "no metrics here" }),
      series: async () => ({ known: false, why: "no metrics here" }),
      range: async () => [],
    },
    http: {
      get: async () => ({ ok: false, status: null, detail: "no HTTP here" }),
      json: async () => ({ ok: false, detail: "no HTTP here" }),
    },
    tls: { look: () => Promise.reject(new Error("no TLS here")) },
    registry: noRegistry,
    settings: more.settings ?? {
      access: { roles: {}, rules: [], identities: {} },
      apps: {},
      jobs: {},
      domains: [],
      clusters: {},
      dashboards: {},
    },
    openOutage: async () => undefined,
    incidentRecord: async () => null,
    recentRuns: async () => [],
    recentAlerts: async () => [],
    reviews: () => [],
    preflightFor: async () => undefined,
    healthOf: async () => new Map(),
    health: more.health ?? new Map(),
    maskKey: "mask",
    waits: { settleMs: 0, windowMs: 0 },
    before: more.before ?? [],
    inHand: more.inHand ?? null,
    probes: {
      plan: () => Promise.reject(new Error("no other actions here")),
      look: () => Promise.reject(new Error("no other actions here")),
    },
    now: more.now ?? (() => new Date()),
  };
}

/** One action on one target, as a run carries it out. */
export interface Step {
  action: Action;
  context: ActionContext;
  planned: PlannedAction<Json>;
  apply(): Promise<void>;
  observe(): Promise<Observation>;
}

export async function plan(
  world: World,
  target: Target,
  [name, params]: [name: string, params?: Record<string, Json>],
  more: Circumstances = {},
): Promise<Step> {
  const action = catalog.get(name);
  if (!action) throw new Error(`No action ${name}`);
  const context = contextFor(world, target, more);
  const planned = await action.plan(action.params.parse(params ?? {}), context);
  return {
    action,
    context,
    planned,
    apply: async () => action.apply?.(planned.state, context),
    observe: () => action.observe(planned.state, context, context.now()),
  };
}

export async function undo(
  world: World,
  target: Target,
  to: Json = null,
  more: Circumstances = {},
): Promise<Step> {
  return plan(world, target, ["rollout-undo", { to }], more);
}

/** The wait that follows a step in the same plan. */
export function waitAfter(
  world: World,
  step: Step,
  params: Record<string, Json> = {},
  more: Circumstances = {},
): Promise<Step> {
  const { target } = step.context;
  const before = [{ action: step.action.name, targets: [target], state: step.planned.state }];
  return plan(world, target, ["rollout-wait", params], { ...more, before });
}

/** Looks until there is something to say. */
export async function outcome(step: Step): Promise<Exclude<Observation, { state: "pending" }>> {
  for (;;) {
    const seen = await step.observe();
    if (seen.state !== "pending") return seen;
    await step.context.cluster.changed(step.context.target, 500);
  }
}

export function texts(step: Step, level?: "warn" | "block"): string[] {
  return step.planned.warnings
    .filter((warning) => level === undefined || warning.level === level)
    .map(({ text, next }) => (next === undefined ? text : `${text} ${next}`));
}

export function fact(step: Step, label: string): string | undefined {
  return step.planned.facts.find((one) => one.label === label)?.value;
}

export function known(template: JsonObject, health: Partial<KnownHealth>): [string, KnownHealth] {
  const digest = templateDigest(template);
  return [digest, { template: digest, revision: 0, healthyAt: null, badAt: null, badWhy: null, ...health }];
}

/** What a step refuses, in all its words. */
export async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    const { message, why, next } = error as { message: string; why?: string; next?: string };
    return [message, why, next].filter((text) => text !== undefined).join(" | ");
  }
  throw new Error("It was not refused");
}

/** A step of a run that nobody answers and that keeps nothing. */
export function inHandOf(step: Pick<StepInHand, "run" | "step" | "acted">): StepInHand {
  return {
    ...step,
    attempt: 1,
    answers: async () => [],
    tick: async () => undefined,
    evidence: { kept: async () => null, keep: () => Promise.reject(new Error("no evidence here")) },
  };
}
