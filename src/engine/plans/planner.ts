import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Actor } from "../../domain/actor.ts";
import { targetKey, targetOf } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import { UserError } from "../../domain/errors.ts";
import {
  callName,
  type Plan,
  planFingerprint,
  type PlannedStep,
  planTargets,
  type Warning,
} from "../../domain/plan.ts";
import type { Step } from "../../domain/playbook.ts";
import type { Config } from "../../domain/config.ts";
import type { Database, Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { healthOf } from "../../store/health.ts";
import { insertPlan, planByKey, type StoredPlan } from "../../store/plans.ts";
import { mayHaveWritten, runByNumber, stepsOf } from "../../store/runs.ts";
import { appendEntry } from "../../store/timeline.ts";
import { noRun } from "../commands/references.ts";
import type { ActionContext } from "../playbooks/action.ts";
import { chooseEnvironment, findTarget } from "../commands/apps.ts";
import type { Authorizer } from "../authorizer.ts";
import { resolve, resolveText } from "../playbooks/expressions.ts";
import type { Actions, LoadedPlaybook, Playbooks } from "../playbooks/load-playbooks.ts";
import type { Clusters, HttpProbe, Json, Metrics } from "../ports.ts";
import { streamOf } from "../record.ts";

export interface PlanRequest {
  playbook: string;
  app: string;
  /** Absent: the app's only environment. */
  environment: string | null;
  inputs: Record<string, Json>;
  actor: Actor;
  incident: number | null;
  reason: string | null;
  channel: string | null;
  /** Its cause: planning again for the same cause finds the same plan. */
  key: string;
}

export interface Where {
  app: string;
  environment: string;
  actor: Actor;
  before: readonly PlannedStep[];
}

export interface Planner {
  /** Works a plan out and stores it with its timeline entry. Nothing in a cluster is touched. */
  make(request: PlanRequest): Promise<StoredPlan>;
  /** Plans the inverses that a run recorded before it acted, newest first. */
  makeUndo(
    request: Omit<PlanRequest, "playbook" | "app" | "environment" | "inputs"> & { run: number },
  ): Promise<StoredPlan>;
  /** The same plan worked out again now, for the same actor or another; not stored. */
  draftAgain(plan: Plan, actor?: Actor): Promise<Plan>;
  /** The fingerprint the plan would have now: whether what it rests on still stands, without asking for rights again. */
  fingerprintNow(plan: Plan): Promise<string>;
  store(trx: Queries, plan: Plan, cause: { key: string; channel: string | null }): Promise<StoredPlan>;
  /** `before`: the plan's steps before the one it is for. */
  context(where: Where): Promise<ActionContext>;
}

/** True: only whether it still fits is asked; rights were asked when it was planned, and the cluster has the last word. */
interface Drift {
  drift?: boolean;
}

export interface PlannerOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines">;
  actions: Actions;
  playbooks: () => Playbooks;
  clusters: Clusters;
  metrics: Metrics;
  http: HttpProbe;
  authorizer: Authorizer;
  maskKey: string;
  now: Clock;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { db, config, actions, playbooks, clusters, metrics, http, authorizer, maskKey, now } = options;

  async function context({
    app: appName,
    environment: environmentName,
    actor,
    before,
  }: Where): Promise<ActionContext> {
    const { app, environment } = findTarget(config.apps, appName, environmentName);
    const target = targetOf(environment);
    const known = await healthOf(db, targetKey(target));
    const { settle, window } = config.deadlines;
    return {
      app,
      environment,
      target,
      actor,
      cluster: clusters.as(actor, target.cluster),
      metrics,
      http,
      health: new Map(
        known.map((row) => [
          row.template,
          {
            template: row.template,
            revision: row.revision,
            healthyAt: row.healthy_at,
            badAt: row.bad_at,
            badWhy: row.bad_why,
          },
        ]),
      ),
      maskKey,
      waits: { settleMs: settle, windowMs: window },
      before,
      now,
    };
  }

  type StepToPlan = Pick<Step, "id" | "action" | "with" | "timeout"> & { verifies: boolean };

  /** In order: what a step waits for is known from the steps before it. */
  async function planSteps(wanted: readonly StepToPlan[], where: ActionContext): Promise<PlannedStep[]> {
    const steps: PlannedStep[] = [];
    for (const step of wanted) steps.push(await planStep(step, { ...where, before: [...steps] }));
    return steps;
  }

  async function planStep(step: StepToPlan, where: ActionContext): Promise<PlannedStep> {
    const action = actions.get(step.action);
    if (!action)
      throw new UserError(`There is no action "${step.action}".`, {
        why: `Step ${step.id} of the playbook names it.`,
        next: "Whoever keeps the playbook can correct it.",
      });
    const params = action.params.safeParse(step.with);
    if (!params.success) {
      throw new UserError(`${step.id}: ${params.error.issues.map((issue) => issue.message).join("; ")}`, {
        why: `The action ${step.action} does not take these values.`,
        next: "Correct the command and try again.",
      });
    }
    const planned = await action.plan(params.data, where);
    const mutates = action.apply !== undefined;
    return {
      ...planned,
      id: step.id,
      action: step.action,
      with: step.with,
      verifies: step.verifies,
      mutates,
      permission: action.permission,
      targets: mutates ? [where.target] : [],
      timeout: step.timeout,
    };
  }

  /** Every call of every step, asked of the cluster as the actor, before anybody says yes. */
  async function preflight(steps: PlannedStep[], where: ActionContext): Promise<PlannedStep[]> {
    if (where.actor.kind !== "person") return steps;
    const permits = await where.cluster.permits(steps.flatMap((step) => step.calls));
    const denied = new Set(
      permits.filter((permit) => !permit.allowed).map((permit) => callName(permit.call)),
    );
    return steps.map((step) => {
      const missing = [...new Set(step.calls.map(callName))].filter((name) => denied.has(name));
      const warnings: Warning[] = missing.map((name) => ({
        level: "block",
        text: `Your Kubernetes user may not ${name}.`,
        next: "Ask somebody who may, or whoever keeps the cluster's RBAC.",
      }));
      return warnings.length === 0 ? step : { ...step, warnings: [...step.warnings, ...warnings] };
    });
  }

  async function demandActions(
    steps: readonly PlannedStep[],
    actor: Actor,
    scope: { app: string; environment: string },
  ): Promise<void> {
    if (actor.kind !== "person") return;
    for (const permission of new Set(steps.map((step) => step.permission)))
      await authorizer.demand(actor, permission, scope);
  }

  async function planPlaybook(
    playbook: LoadedPlaybook,
    inputs: Record<string, Json>,
    where: ActionContext,
  ): Promise<{ title: string; steps: PlannedStep[] }> {
    const variables = {
      inputs: { ...Object.fromEntries(Object.keys(playbook.inputs).map((name) => [name, null])), ...inputs },
      app: where.app.name,
      environment: where.environment.name,
    };
    const wanted = [
      ...playbook.steps.map((step) => ({ step, verifies: false })),
      ...playbook.verify.map((step) => ({ step, verifies: true })),
    ].filter(({ step }) => step.when === undefined || resolve(`\${{ ${step.when} }}`, variables) === true);
    const steps = await planSteps(
      wanted.map(({ step, verifies }) => ({
        ...step,
        with: resolve(step.with, variables) as Step["with"],
        verifies,
      })),
      where,
    );
    // What will be changed names a plan better than its playbook does.
    const changes = steps.filter((step) => step.mutates).map((step) => step.title);
    return { title: changes.join(", then ") || resolveText(playbook.metadata.title, variables), steps };
  }

  async function draft(request: Omit<PlanRequest, "key" | "channel"> & Drift): Promise<Plan> {
    const playbook = playbooks().get(request.playbook);
    if (!playbook)
      throw new UserError(`There is no playbook "${request.playbook}".`, {
        why: "None of this name is in force.",
        next: "`playbooks` lists them.",
      });
    const where = await context({
      app: request.app,
      environment: chooseEnvironment(config.apps, request.app, request.environment),
      actor: request.actor,
      before: [],
    });
    const scope = { app: where.app.name, environment: where.environment.name };
    if (request.actor.kind === "person") await authorizer.demand(request.actor, playbook.permission, scope);
    const { title, steps } = await planPlaybook(playbook, request.inputs, where);
    await demandActions(steps, request.actor, scope);
    return {
      title,
      playbook: { name: playbook.metadata.name, version: playbook.metadata.version, digest: playbook.digest },
      inputs: request.inputs,
      app: scope.app,
      environment: scope.environment,
      actor: request.actor,
      incident: request.incident,
      reason: request.reason,
      undoes: null,
      risk: playbook.risk,
      steps: request.drift === true ? steps : await preflight(steps, where),
    };
  }

  async function draftUndo(
    run: number,
    request: { actor: Actor; incident: number | null; reason: string | null } & Drift,
  ): Promise<Plan> {
    const row = await runByNumber(db, run);
    if (!row) throw noRun(run);
    const done = await stepsOf(db, run);
    const acted = done.filter(mayHaveWritten);
    const inverses = acted
      .flatMap((step) => (step.document.inverse === null ? [] : [step.document.inverse]))
      .reverse();
    if (inverses.length === 0) {
      throw new UserError(`R${run} has nothing to undo.`, {
        why: acted.length === 0 ? "It changed nothing." : "No inverse is known for what it did.",
        next: "`history` shows what the workload was before.",
      });
    }
    const where = await context({
      app: row.app,
      environment: row.environment,
      actor: request.actor,
      before: [],
    });
    const scope = { app: row.app, environment: row.environment };
    const looks = done.filter((step) => !step.document.mutates);
    const steps = await planSteps(
      [
        ...inverses.map((inverse, index) => ({
          id: `undo-${index + 1}`,
          action: inverse.action,
          with: inverse.with,
          timeout: 600_000,
          verifies: false,
        })),
        ...looks.map(({ document }) => ({
          id: document.id,
          action: document.action,
          with: document.with,
          timeout: document.timeout,
          verifies: document.verifies,
        })),
      ],
      where,
    );
    await demandActions(steps, request.actor, scope);
    return {
      title: `Undo R${run}: ${inverses.map((inverse) => inverse.title).join(", ")}`,
      playbook: { name: "undo", version: 1, digest: "" },
      inputs: { run },
      ...scope,
      actor: request.actor,
      incident: request.incident,
      reason: request.reason,
      undoes: run,
      risk: "reversible",
      steps: request.drift === true ? steps : await preflight(steps, where),
    };
  }

  async function store(
    trx: Queries,
    plan: Plan,
    cause: { key: string; channel: string | null },
  ): Promise<StoredPlan> {
    const at = now();
    const expiresAt = addMilliseconds(at, config.deadlines.approval);
    const { stored, isNew } = await insertPlan(trx, { ...cause, plan, createdAt: at, expiresAt });
    if (!isNew) return stored;
    await setDeadline(trx, {
      key: `plan:${stored.number}:expires`,
      kind: "plan.expires",
      subject: { plan: stored.number },
      dueAt: expiresAt,
    });
    await appendEntry(trx, {
      stream: streamOf(plan.incident, stored.number),
      at,
      key: `plan:${stored.number}:made`,
      actor: plan.actor,
      fact: {
        kind: "plan.made",
        plan: stored.number,
        title: plan.title,
        hash: stored.hash,
        targets: planTargets(plan).map(targetKey),
        facts: plan.steps.flatMap((step) => step.facts),
        diff: plan.steps.map((step) => step.diff).find((diff) => diff !== null) ?? null,
        kubectl: plan.steps.flatMap((step) => step.kubectl),
      },
    });
    return stored;
  }

  async function storeNew(plan: Plan, cause: { key: string; channel: string | null }): Promise<StoredPlan> {
    return db.transaction().execute((trx) => store(trx, plan, cause));
  }

  async function again(plan: Plan, { actor, drift }: { actor: Actor } & Drift): Promise<Plan> {
    const { incident, reason } = plan;
    const request = { actor, incident, reason, ...(drift !== undefined && { drift }) };
    if (plan.undoes !== null) return draftUndo(plan.undoes, request);
    const { playbook, app, environment, inputs } = plan;
    return draft({ ...request, playbook: playbook.name, app, environment, inputs });
  }

  return {
    context,
    store,
    async make(request) {
      return (await planByKey(db, request.key)) ?? storeNew(await draft(request), request);
    },
    async makeUndo(request) {
      return (
        (await planByKey(db, request.key)) ??
        storeNew(
          await draftUndo(request.run, {
            actor: request.actor,
            incident: request.incident,
            reason: request.reason,
          }),
          request,
        )
      );
    },
    draftAgain: (plan, actor = plan.actor) => again(plan, { actor }),
    async fingerprintNow(plan) {
      return planFingerprint(await again(plan, { actor: plan.actor, drift: true }));
    },
  };
}
