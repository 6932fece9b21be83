import { UserError } from "../../domain/errors.ts";
import type { Plan, PlannedStep } from "../../domain/plan.ts";
import type { Step } from "../../domain/playbook.ts";
import { chooseEnvironment } from "../commands/apps.ts";
import type { ActionContext } from "../playbooks/action.ts";
import { resolve, resolveText } from "../playbooks/expressions.ts";
import type { Actions, LoadedPlaybook } from "../playbooks/load-playbooks.ts";
import type { Json } from "../ports.ts";
import { planSteps } from "./plan-steps.ts";
import type { Drift, PlannerOptions, PlanRequest } from "./planning.ts";
import { demandActions, preflight } from "./preflight.ts";
import type { createContext } from "./action-context.ts";

async function planPlaybook(
  playbook: LoadedPlaybook,
  inputs: Record<string, Json>,
  where: ActionContext,
  actions: Actions,
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
    actions,
  );
  // What will be changed names a plan better than its playbook does.
  const changes = steps.filter((step) => step.mutates).map((step) => step.title);
  return { title: changes.join(", then ") || resolveText(playbook.metadata.title, variables), steps };
}

export type PlaybookDraft = Omit<PlanRequest, "key" | "channel"> & Drift;

/** Works a playbook out against the cluster as it is now; stores nothing. */
export function createPlaybookDraft(
  { config, actions, playbooks, authorizer }: PlannerOptions,
  context: ReturnType<typeof createContext>,
) {
  return async (request: PlaybookDraft): Promise<Plan> => {
    const playbook = playbooks().get(request.playbook);
    if (!playbook)
      throw new UserError(`There is no playbook "${request.playbook}".`, {
        why: "None of this name is in force.",
        next: "`playbooks` lists them.",
      });
    const { actor, inputs, incident, reason } = request;
    const where = await context({
      app: request.app,
      environment: chooseEnvironment(config.apps, request.app, request.environment),
      actor,
      before: [],
    });
    const scope = { app: where.app.name, environment: where.environment.name };
    if (actor.kind === "person") await authorizer.demand(actor, playbook.permission, scope);
    const { title, steps } = await planPlaybook(playbook, inputs, where, actions);
    await demandActions(steps, { actor, scope, authorizer });
    return {
      title,
      playbook: { name: playbook.metadata.name, version: playbook.metadata.version, digest: playbook.digest },
      inputs,
      ...scope,
      actor,
      incident,
      reason,
      undoes: null,
      risk: playbook.risk,
      steps: request.drift === true ? steps : await preflight(steps, where),
    };
  };
}
