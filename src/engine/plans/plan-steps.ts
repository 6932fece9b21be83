import type { Actor } from "../../domain/actor.ts";
import type { Target } from "../../domain/app.ts";
import { UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import type { Action, ActionScope, Contexts, PlannedAction } from "../playbooks/action.ts";
import type { Actions } from "../playbooks/loaded.ts";
import type { Json } from "../ports.ts";
import { type MakeContext, scopesOf } from "./action-context.ts";
import type { ConcreteStep } from "./expand.ts";

export interface StepPlanning {
  actor: Actor;
  actions: Actions;
  contexts: MakeContext;
  incident: number | null;
}

/** In order: what a step waits for is known from the steps before it. */
export async function planSteps(
  wanted: readonly ConcreteStep[],
  planning: StepPlanning,
): Promise<PlannedStep[]> {
  const steps: PlannedStep[] = [];
  for (const step of wanted) steps.push(await planStep(step, steps, planning));
  return steps;
}

function findAction(name: string, step: string, actions: Actions): Action {
  const action = actions.get(name);
  if (action) return action;
  throw new UserError(`There is no action "${name}".`, {
    why: `Step ${step} of the playbook names it.`,
    next: "Whoever keeps the playbook can correct it.",
  });
}

/** Parameters as the action wants them, or a UserError that says what is wrong with them. */
export function readParams(action: Action, step: string, given: Json): unknown {
  const params = action.params.safeParse(given);
  if (params.success) return params.data;
  throw new UserError(`${step}: ${params.error.issues.map((issue) => issue.message).join("; ")}`, {
    why: `The action ${action.name} does not take these values.`,
    next: "Correct the command and try again.",
  });
}

/** What it changes: all of an environment's apps where nothing more exact is known. */
function targetsOf(action: Action, named: Target[] | undefined, context: Contexts[ActionScope]): Target[] {
  if (action.apply === undefined) return [];
  if (named !== undefined) return named;
  if ("target" in context) return [context.target];
  return "apps" in context ? context.apps.map(({ target }) => target) : [];
}

/** Its parameters are known only when the run gets there. */
function plannedLater(action: Action, step: ConcreteStep): PlannedAction<Json> {
  return {
    title: action.name,
    calls: [],
    facts: [],
    diff: null,
    kubectl: [],
    warnings: [],
    fingerprint: digest(step.with),
    inverse: null,
    state: null,
  };
}

async function planStep(
  step: ConcreteStep,
  before: readonly PlannedStep[],
  { actor, actions, contexts, incident }: StepPlanning,
): Promise<PlannedStep> {
  const action = findAction(step.action, step.id, actions);
  const context = await contexts.for(action, { ...step.about, actor, before, inHand: null, incident });
  const later = step.later !== null && step.later.with !== null;
  const {
    apps,
    targets: named,
    ...planned
  } = later ? plannedLater(action, step) : await action.plan(readParams(action, step.id, step.with), context);
  return {
    ...planned,
    ...step,
    title: step.title ?? planned.title,
    mutates: action.apply !== undefined,
    permission: action.permission,
    scopes: scopesOf(action, step.about, apps),
    targets: targetsOf(action, named, context),
    compensate:
      step.compensate === null
        ? null
        : { ...step.compensate, title: `${step.compensate.action} after ${step.id}` },
  };
}
