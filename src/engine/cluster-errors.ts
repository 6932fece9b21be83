import { UserError } from "../domain/errors.ts";

/**
 * The API server understood and said no. Shown as it stands.
 * `forbidden`: the actor's rights; `denied`: admission or quota; `invalid`: the object itself.
 */
export class ClusterRefusal extends UserError {
  readonly reason: "forbidden" | "not-found" | "denied" | "invalid" | "unauthenticated";

  constructor(
    reason: ClusterRefusal["reason"],
    what: string,
    more: { why?: string; next?: string; cause?: unknown },
  ) {
    super(what, more);
    this.reason = reason;
  }
}

/** No answer, or none that says what happened. After a write the world must be looked at before acting again. */
export class ClusterUnreachable extends Error {
  override readonly name = "ClusterUnreachable";
  readonly cluster: string;

  constructor(cluster: string, why: string, cause?: unknown) {
    super(`The API server of ${cluster} did not answer: ${why}`, cause === undefined ? undefined : { cause });
    this.cluster = cluster;
  }
}

/** The write was refused because the object had changed since it was read. Nothing was written. */
export class PatchConflict extends Error {
  override readonly name = "PatchConflict";
}

/** What was agreed to is no longer what is there. Nothing was written; `changes` says what moved, for people. */
export class PlanDrifted extends Error {
  override readonly name = "PlanDrifted";
  readonly changes: readonly string[];

  constructor(changes: readonly string[]) {
    super(`The plan no longer fits: ${changes.join("; ")}`);
    this.changes = changes;
  }
}

function named(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/** By name and not by class: an error that went through a durable step comes back as a plain Error. */
export function isUnreachable(error: unknown): error is ClusterUnreachable {
  return named(error, "ClusterUnreachable");
}

export function isPatchConflict(error: unknown): error is PatchConflict {
  return named(error, "PatchConflict");
}

export function isPlanDrifted(error: unknown): error is PlanDrifted {
  return named(error, "PlanDrifted");
}

export function isRefusal(error: unknown, reason: ClusterRefusal["reason"]): error is ClusterRefusal {
  return named(error, "UserError") && (error as Partial<ClusterRefusal>).reason === reason;
}
