/**
 * A refusal a person can act on. Its text is shown as it stands: what happened, why, and what to do next.
 * Anything else that is thrown is our fault and is shown only as a reference number.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly why: string;
  readonly next: string;

  constructor(what: string, { why, next, cause }: { why: string; next: string; cause?: unknown }) {
    super(what, cause === undefined ? undefined : { cause });
    this.why = why;
    this.next = next;
  }
}

/** A refusal for want of a right, in crai: what exactly was asked for is then no matter of anybody's record. */
export class NotAllowed extends UserError {}

/** `instanceof` does not survive a durable replay (the error comes back as a plain Error), the name does. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && error.name === "UserError";
}

/** No answer came from a cluster, so nothing is known: neither that a call worked nor that it did not. */
export class ClusterUnreachable extends Error {
  override readonly name = "ClusterUnreachable";
}

/** A write lost a race (409, or a failed JSON Patch test): read again, and try again if nothing that matters changed. */
export class PatchConflict extends Error {
  override readonly name = "PatchConflict";
}

/** What a plan rested on is no longer true; the message says what changed. */
export class PlanDrifted extends Error {
  override readonly name = "PlanDrifted";
}

/** Whether an error is of a kind, also after a durable replay made it a plain Error. */
export function isError(
  error: unknown,
  name: "ClusterUnreachable" | "PatchConflict" | "PlanDrifted",
): error is Error {
  return error instanceof Error && error.name === name;
}
