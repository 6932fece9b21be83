import { prepareNew } from "../../defaults/defaults.ts";
import { sameJson, timestamp } from "../../object.ts";
import { addSelfOrController } from "../controller.ts";
import type { Controller, Workbench } from "../controller.ts";
import { controllerReference, isControlledBy, splitKey } from "../ownership.ts";
import { endedAt, has, isEnded } from "./conditions.ts";
import type { CronJob, Job } from "./objects.ts";
import { isDue } from "./schedule.ts";

/** Starts a Job in each minute the schedule names; minutes in which the cluster did not run are not made up for. */
export const cronJobController: Controller = {
  observe(plural, object, add) {
    if (plural !== "cronjobs" && plural !== "jobs") return;
    addSelfOrController(object, { isSelf: plural === "cronjobs", ownerKind: "CronJob" }, add);
  },
  reconcile,
};

const minute = 60_000;

function reconcile(bench: Workbench, key: string): void {
  const cron = bench.store.get("cronjobs", ...splitKey(key)) as CronJob | undefined;
  if (!cron || cron.metadata.deletionTimestamp) return;
  const jobs = (bench.store.list("jobs", cron.metadata.namespace) as Job[]).filter((job) =>
    isControlledBy(job, cron),
  );
  tell(bench, cron, jobs);
  prune(bench, cron, jobs);
  const now = bench.now().getTime();
  const due = new Date(now - (now % minute));
  const started = isWanted(cron, due) ? start(bench, cron, { due, jobs }) : undefined;
  saveStatus(bench, cron, { jobs: started ? [...jobs, started] : jobs, ...(started && { due }) });
  if (!cron.spec.suspend) bench.again(key, minute - (now % minute) + 10);
}

function isWanted({ metadata, spec, status }: CronJob, due: Date): boolean {
  const before = status?.lastScheduleTime ?? metadata.creationTimestamp ?? "";
  if (spec.suspend || Date.parse(before) >= due.getTime()) return false;
  return isDue(spec.schedule, due, spec.timeZone);
}

function start(bench: Workbench, cron: CronJob, { due, jobs }: { due: Date; jobs: Job[] }): Job | undefined {
  const active = jobs.filter((job) => !isEnded(job));
  if (active.length > 0 && cron.spec.concurrencyPolicy === "Forbid") {
    const message = "Not starting job because prior execution is running and concurrency policy is Forbid";
    bench.record(cron, { type: "Normal", reason: "JobAlreadyActive", message });
    return undefined;
  }
  if (cron.spec.concurrencyPolicy === "Replace") for (const job of active) remove(bench, cron, job);
  const job = jobOf(cron, due);
  if (bench.store.get("jobs", job.metadata.namespace, job.metadata.name)) return undefined;
  prepareNew("jobs", job, true);
  const created = bench.store.create("jobs", job, bench.by()) as Job;
  bench.record(cron, {
    type: "Normal",
    reason: "SuccessfulCreate",
    message: `Created job ${job.metadata.name}`,
  });
  return created;
}

function jobOf(cron: CronJob, due: Date): Job {
  const { metadata, spec } = structuredClone(cron.spec.jobTemplate);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${cron.metadata.name}-${due.getTime() / minute}`,
      namespace: cron.metadata.namespace!,
      ...(metadata?.labels && { labels: metadata.labels }),
      annotations: {
        ...metadata?.annotations,
        "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(due),
      },
      ownerReferences: [controllerReference(cron)],
    },
    spec: spec as Job["spec"],
  };
}

function remove(bench: Workbench, cron: CronJob, job: Job): void {
  bench.store.delete("jobs", job.metadata.namespace, job.metadata.name, bench.by());
  bench.record(cron, {
    type: "Normal",
    reason: "SuccessfulDelete",
    message: `Deleted job ${job.metadata.name}`,
  });
}

function tell(bench: Workbench, cron: CronJob, jobs: Job[]): void {
  const active = new Set(cron.status?.active?.map(({ uid }) => uid));
  for (const job of jobs.filter(({ metadata }) => active.has(metadata.uid))) {
    const status = has(job, "Complete") ? "Complete" : has(job, "Failed") ? "Failed" : undefined;
    if (!status) continue;
    const message = `Saw completed job: ${job.metadata.name}, condition: ${status}`;
    bench.record(cron, { type: "Normal", reason: "SawCompletedJob", message });
  }
}

/** Keeps the latest few that succeeded and that failed. */
function prune(bench: Workbench, cron: CronJob, jobs: Job[]): void {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cron.spec;
  const oldest = jobs.toSorted((a, b) => (endedAt(a) ?? 0) - (endedAt(b) ?? 0));
  const succeeded = oldest.filter((job) => has(job, "Complete"));
  const failed = oldest.filter((job) => has(job, "Failed"));
  for (const job of [
    ...succeeded.slice(0, Math.max(0, succeeded.length - successfulJobsHistoryLimit)),
    ...failed.slice(0, Math.max(0, failed.length - failedJobsHistoryLimit)),
  ]) {
    remove(bench, cron, job);
  }
}

function saveStatus(bench: Workbench, cron: CronJob, { jobs, due }: { jobs: Job[]; due?: Date }): void {
  const active = jobs
    .filter((job) => !isEnded(job))
    .map(({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }) => ({
      apiVersion,
      kind,
      name,
      namespace: namespace!,
      uid: uid!,
      resourceVersion: resourceVersion!,
    }));
  const ends = jobs
    .filter((job) => has(job, "Complete"))
    .map((job) => job.status?.completionTime ?? "")
    .sort();
  const lastSuccessfulTime = ends.at(-1) ?? cron.status?.lastSuccessfulTime;
  const status = {
    ...(active.length > 0 && { active }),
    ...(due
      ? { lastScheduleTime: timestamp(due) }
      : cron.status?.lastScheduleTime && { lastScheduleTime: cron.status.lastScheduleTime }),
    ...(lastSuccessfulTime && { lastSuccessfulTime }),
  };
  if (!sameJson(status, cron.status)) bench.store.updateStatus("cronjobs", { ...cron, status }, bench.by());
}
