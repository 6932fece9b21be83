import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { actions } from "../../../src/actions/index.ts";
import type { Person } from "../../../src/domain/actor.ts";
import { type Target, targetOf } from "../../../src/domain/app.ts";
import { Manifests } from "../../../src/domain/manifests.ts";
import type { EnvironmentContext, Observation, PlannedAction } from "../../../src/engine/playbooks/action.ts";
import { indexActions } from "../../../src/engine/playbooks/loaded.ts";
import type { Json } from "../../../src/engine/ports.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { namespace, robin, type World } from "./world.ts";

const catalog = indexActions(actions);

export interface Deploying {
  actor?: Person;
  /** Apps by name, each with its Deployment. */
  apps?: Record<string, string>;
  manifests?: Partial<Manifests>;
  before?: EnvironmentContext["before"];
  acted?: boolean;
}

/** Files of a folder of their own. */
export function folderOf(files: Record<string, string>): string {
  const folder = join(temporaryFolder(), "k8s");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function appIn([name, workload]: [string, string]): EnvironmentContext["apps"][number] {
  const environment = {
    cluster: "world",
    namespace,
    workload: `deployment/${workload}`,
    container: "app",
    health: [],
  };
  const target: Target = targetOf(environment);
  const app = {
    name,
    title: name,
    owner: "Team",
    alerts: [],
    onCall: [],
    docs: {},
    metrics: {},
    environments: {},
  };
  return { app, environment: { ...environment, name: "prod" }, target };
}

function contextFor(world: World, directory: string, more: Deploying): EnvironmentContext {
  const actor = more.actor ?? robin;
  const none = () => Promise.reject(new Error("not here"));
  return {
    actor,
    environment: "prod",
    cluster: world.clusters.as(actor, "world"),
    clusterName: "world",
    namespaces: [namespace],
    apps: Object.entries(more.apps ?? {}).map(appIn),
    settings: {
      jobs: {},
      domains: [],
      manifests: Manifests.parse({
        directory,
        follow: Object.keys(more.apps ?? {}),
        ...more.manifests,
      }),
    } as unknown as EnvironmentContext["settings"],
    metrics: { query: async () => ({ known: false, why: "no metrics here" }), range: async () => [] },
    http: { get: none },
    tls: { look: none },
    openOutage: async () => undefined,
    maskKey: "mask",
    waits: { settleMs: 0, windowMs: 0 },
    before: more.before ?? [],
    inHand: {
      run: 1,
      step: "step",
      attempt: 1,
      acted: () => more.acted ?? false,
      answers: async () => [],
      tick: async () => undefined,
    },
    probes: { plan: none, look: none },
    now: () => new Date(),
  } as unknown as EnvironmentContext;
}

/** One action on manifests, as a run carries it out. */
export interface ManifestStep {
  planned: PlannedAction<Json>;
  apply(): Promise<void>;
  observe(acted?: boolean): Promise<Observation>;
  /** As a later step sees it. */
  before(): EnvironmentContext["before"][number];
}

export async function planManifests(
  world: World,
  directory: string,
  [name, params]: [string, Record<string, Json>],
  more: Deploying = {},
): Promise<ManifestStep> {
  const action = catalog.get(name);
  if (!action) throw new Error(`No action ${name}`);
  const context = contextFor(world, directory, more);
  const planned = await action.plan(action.params.parse(params), context);
  return {
    planned,
    apply: async () => action.apply?.(planned.state, context),
    observe: (acted = false) =>
      action.observe(planned.state, contextFor(world, directory, { ...more, acted }), context.now()),
    before: () => ({ action: name, targets: planned.targets ?? [], state: planned.state }),
  };
}

/** Looks until there is something to say. */
export async function endOf(step: ManifestStep): Promise<Exclude<Observation, { state: "pending" }>> {
  for (;;) {
    const seen = await step.observe(true);
    if (seen.state !== "pending") return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export function said(step: ManifestStep, level?: "warn" | "block"): string[] {
  return step.planned.warnings
    .filter((warning) => level === undefined || warning.level === level)
    .map(({ text, next }) => (next === undefined ? text : `${text} ${next}`));
}
