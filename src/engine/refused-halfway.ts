import { isError, isUserError } from "../domain/errors.ts";

/**
 * Whether a step of several writes is to end quietly on an error: once one of them is there, a clear no is no refusal of
 * the step, whose undo would be lost, but a step that acted and failed; its `observe` says how far it got.
 */
export function refusedHalfway(wrote: boolean, error: unknown): boolean {
  return wrote && (isUserError(error) || isError(error, "PlanDrifted"));
}
