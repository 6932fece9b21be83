import { timestamp } from "../../object.ts";
import { conditionOf, withoutCondition } from "../conditions.ts";
import type { Condition } from "../objects.ts";
import type { Job } from "./objects.ts";

export type Verdict = Pick<Condition, "reason" | "message">;

/** Why a Job ends, or why it does not go on, in the job controller's words. */
export const verdicts = {
  completed: { reason: "CompletionsReached", message: "Reached expected number of succeeded pods" },
  tooManyFailures: {
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
  },
  tooLate: { reason: "DeadlineExceeded", message: "Job was active longer than specified deadline" },
  suspended: { reason: "JobSuspended", message: "Job suspended" },
  resumed: { reason: "JobResumed", message: "Job resumed" },
} satisfies Record<string, Verdict>;

type JobCondition = "Complete" | "Failed" | "FailureTarget" | "SuccessCriteriaMet" | "Suspended";

export function has(job: Job, type: JobCondition): boolean {
  return conditionOf(job.status?.conditions, type)?.status === "True";
}

export function isEnded(job: Job): boolean {
  return has(job, "Complete") || has(job, "Failed");
}

/** When a Job ended, in milliseconds since 1970; undefined: it goes on. */
export function endedAt(job: Job): number | undefined {
  const last = ["Complete", "Failed"]
    .map((type) => conditionOf(job.status?.conditions, type))
    .find((condition) => condition?.status === "True")?.lastTransitionTime;
  return last ? Date.parse(last) : undefined;
}

/** The conditions with this one in it; one that says the same already stays as it is. */
export function saying(
  conditions: Condition[],
  type: JobCondition,
  status: "True" | "False",
  { reason, message, now }: Verdict & { now: Date },
): Condition[] {
  if (conditionOf(conditions, type)?.status === status) return conditions;
  const at = timestamp(now);
  const said = { lastProbeTime: at, lastTransitionTime: at, message, reason, status, type } as Condition;
  return [...withoutCondition(conditions, type), said];
}
