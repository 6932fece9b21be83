/**
 * A refusal a person can act on. Its text is shown as it stands: what happened, why, and what to do next.
 * Anything else that is thrown is our fault and is shown only as a reference number.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly why: string | undefined;
  readonly next: string | undefined;

  constructor(what: string, more: { why?: string; next?: string; cause?: unknown } = {}) {
    super(what, more.cause === undefined ? undefined : { cause: more.cause });
    this.why = more.why;
    this.next = more.next;
  }
}

/** `instanceof` does not survive a durable replay (the error comes back as a plain Error), the name does. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && error.name === "UserError";
}
