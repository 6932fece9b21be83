import { isError, isUserError, type UserError } from "../../domain/errors.ts";

/** Neither a yes nor a no: a lost race, or no answer. Throws what is something else. */
export function passing(error: unknown): Error {
  if (isError(error, "PatchConflict") || isError(error, "ClusterUnreachable")) return error;
  throw error;
}

/** What a refused write was refused for; null: it is no clear no. */
export function clearNo(error: unknown): string | null {
  if (isError(error, "PlanDrifted")) return `${error.message}. This step changed nothing; plan again.`;
  return isUserError(error) ? inWords(error) : null;
}

export function inWords(error: UserError): string {
  return error.why === undefined ? error.message : `${error.message} ${error.why}`;
}
