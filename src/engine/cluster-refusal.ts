import { isUserError, UserError } from "../domain/errors.ts";

/**
 * `forbidden`: the actor's rights; `denied`: admission or quota; `invalid`: what was sent; `exists`: there is one of that
 * name; `conflict`: another manager owns a field; `blocked`: a disruption budget.
 */
type Reason =
  | "forbidden"
  | "not-found"
  | "denied"
  | "invalid"
  | "unauthenticated"
  | "exists"
  | "conflict"
  | "blocked";

/** The API server understood and said no. Shown as it stands. */
export class ClusterRefusal extends UserError {
  readonly reason: Reason;

  constructor(reason: Reason, what: string, more: { why: string; next: string; cause?: unknown }) {
    super(what, more);
    this.reason = reason;
  }
}

export function isRefusal(error: unknown, ...reasons: Reason[]): error is ClusterRefusal {
  return isUserError(error) && "reason" in error && reasons.includes(error.reason as Reason);
}
