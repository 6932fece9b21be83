import type { KubeObject } from "../../object.ts";
import type { Condition, LabelSelector, PodTemplate } from "../objects.ts";

export interface JobSpec {
  selector: LabelSelector;
  template: PodTemplate;
  /** Absent: one success of any pod is enough. */
  completions?: number;
  parallelism?: number;
  completionMode?: "NonIndexed" | "Indexed";
  backoffLimit?: number;
  activeDeadlineSeconds?: number;
  ttlSecondsAfterFinished?: number;
  suspend?: boolean;
}

export interface JobStatus {
  active?: number;
  completedIndexes?: string;
  completionTime?: string;
  conditions?: Condition[];
  failed?: number;
  ready: number;
  startTime?: string;
  succeeded?: number;
  terminating: number;
  uncountedTerminatedPods: object;
}

export interface Job extends KubeObject {
  spec: JobSpec;
  status?: Partial<JobStatus>;
}

export interface CronJob extends KubeObject {
  spec: {
    schedule: string;
    timeZone?: string;
    suspend?: boolean;
    concurrencyPolicy?: "Allow" | "Forbid" | "Replace";
    startingDeadlineSeconds?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: {
      metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
      spec: Omit<JobSpec, "selector">;
    };
  };
  status?: {
    active?: { apiVersion: string; kind: string; name: string; namespace?: string; uid?: string }[];
    lastScheduleTime?: string;
    lastSuccessfulTime?: string;
  };
}
