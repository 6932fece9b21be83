import type { ConcreteStep } from "./expand.ts";

type Bare = Pick<ConcreteStep, "id" | "action" | "with" | "about" | "locks">;

/** ms that putting one thing back may take. */
const BACK_WITHIN = 600_000;

/** A step that does one thing, and nothing of what a playbook can say beside. */
export function bareStep(step: Bare, needs: string[]): ConcreteStep {
  return {
    ...step,
    needs,
    title: null,
    timeout: BACK_WITHIN,
    retry: null,
    continueOnFailure: false,
    compensate: null,
    later: null,
    runbook: [],
    verifies: false,
  };
}
