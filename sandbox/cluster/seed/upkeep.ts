import { cluster } from "../../seed.ts";
import type { CronJob, Job } from "../controllers/jobs/objects.ts";
import { controllerReference } from "../controllers/ownership.ts";
import { prepareNew } from "../defaults/defaults.ts";
import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

const { namespace } = cluster;
const day = 86_400_000;

/** Two of the three API pods stay when nodes are drained. */
export const creditRiskUpkeep: { plural: string; object: KubeObject }[] = [
  {
    plural: "poddisruptionbudgets",
    object: {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "api-pdb", namespace },
      spec: { minAvailable: 2, selector: { matchLabels: { app: "api" } } },
    },
  },
];

const backup = {
  restartPolicy: "Never",
  containers: [
    {
      name: "backup",
      image: "postgres:15.6",
      command: ["pg_dump", "--format=custom", "--file=/backups/credit_risk_ai.dump", "credit_risk_ai"],
    },
  ],
};

/** The nightly backup as it has been for weeks, with the Jobs of its last three nights; their pods are gone. */
export function seedBackups(store: Store, since: Date, now: Date): void {
  const cron: CronJob = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "postgres-backup", namespace, labels: { app: "postgres" } },
    spec: {
      schedule: "0 2 * * *",
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 1, template: { spec: structuredClone(backup) } } },
    },
  };
  prepareNew("cronjobs", cron, true);
  const nights = lastNights(3, now);
  const last = nights.at(-1)!;
  cron.status = {
    lastScheduleTime: timestamp(last),
    lastSuccessfulTime: timestamp(new Date(last.getTime() + tookMs)),
  };
  const by = { manager: "kubectl-client-side-apply", now: since };
  const stored = store.create("cronjobs", cron, by) as CronJob;
  for (const night of nights) storeJob(store, stored, night);
}

const tookMs = 214_000;

/** Two o'clock of the last nights, the oldest first. */
function lastNights(count: number, now: Date): Date[] {
  const midnight = now.getTime() - (now.getTime() % day);
  const two = midnight + 2 * 3_600_000;
  const last = two > now.getTime() ? two - day : two;
  return Array.from({ length: count }, (_, index) => new Date(last - (count - 1 - index) * day));
}

function storeJob(store: Store, cron: CronJob, night: Date): void {
  const job: Job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${cron.metadata.name}-${night.getTime() / 60_000}`,
      namespace,
      annotations: { "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(night) },
      ownerReferences: [controllerReference(cron)],
    },
    spec: structuredClone(cron.spec.jobTemplate.spec) as Job["spec"],
  };
  prepareNew("jobs", job, true);
  const ended = timestamp(new Date(night.getTime() + tookMs));
  const said = {
    status: "True" as const,
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
    lastProbeTime: ended,
    lastTransitionTime: ended,
  };
  job.status = {
    completionTime: ended,
    conditions: [
      { ...said, type: "SuccessCriteriaMet" },
      { ...said, type: "Complete" },
    ],
    ready: 0,
    startTime: timestamp(night),
    succeeded: 1,
    terminating: 0,
    uncountedTerminatedPods: {},
  };
  store.create("jobs", job, { manager: "kube-controller-manager", now: night });
}
