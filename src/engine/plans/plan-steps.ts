import { UserError } from "../../domain/errors.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import type { Step } from "../../domain/playbook.ts";
import type { ActionContext } from "../playbooks/action.ts";
import type { Actions } from "../playbooks/load-playbooks.ts";

export type StepToPlan = Pick<Step, "id" | "action" | "with" | "timeout"> & { verifies: boolean };

/** In order: what a step waits for is known from the steps before it. */
export async function planSteps(
  wanted: readonly StepToPlan[],
  where: ActionContext,
  actions: Actions,
): Promise<PlannedStep[]> {
  const steps: PlannedStep[] = [];
  for (const step of wanted) steps.push(await planStep(step, { ...where, before: [...steps] }, actions));
  return steps;
}

async function planStep(step: StepToPlan, where: ActionContext, actions: Actions): Promise<PlannedStep> {
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
