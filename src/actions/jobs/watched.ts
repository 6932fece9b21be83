import type { ReportKind } from "../../domain/job.ts";
import type { ObjectRef } from "../../engine/ports.ts";

/** A Job that was made, and what it is held to. */
export interface Watched {
  /** As crai.yaml names it. */
  name: string;
  ref: ObjectRef & { namespace: string };
  image: string;
  memory: string;
  deadlineMs: number;
  startWithinMs: number;
  stuckAfterMs: number;
  report: ReportKind;
}
