import { sameJson, timestamp } from "../../object.ts";
import { conditionOf } from "../conditions.ts";
import { addSelfOrController } from "../controller.ts";
import type { Controller, Workbench } from "../controller.ts";
import type { Condition, Pod } from "../objects.ts";
import { isControlledBy, keyOf, splitKey } from "../ownership.ts";
import { restartsOf } from "../pod-readiness.ts";
import { deletePod } from "../pods.ts";
import { counted } from "../replica-set.ts";
import { endedAt, has, isEnded, saying, verdicts } from "./conditions.ts";
import type { Verdict } from "./conditions.ts";
import type { Job, JobStatus } from "./objects.ts";
import { addPod, indexOf, indexText, orphansOf, parseIndexes, release, tallyOf } from "./pods.ts";
import type { Tally } from "./pods.ts";

export const jobController: Controller = {
  observe(plural, object, add) {
    if (plural !== "jobs" && plural !== "pods") return;
    addSelfOrController(object, { isSelf: plural === "jobs", ownerKind: "Job" }, add);
  },
  reconcile,
};

interface Round {
  bench: Workbench;
  job: Job;
  tally: Tally;
  succeeded: number;
  failed: number;
  indexes: number[];
  startTime: string | undefined;
}

function reconcile(bench: Workbench, key: string): void {
  const [namespace, name] = splitKey(key);
  const job = bench.store.get("jobs", namespace, name) as Job | undefined;
  if (!job || job.metadata.deletionTimestamp) release(bench, orphansOf(bench, namespace, name));
  if (!job) return;
  const tally = tallyOf(bench, job);
  if (isEnded(job)) {
    release(bench, [...tally.succeeded, ...tally.failed]);
    forget(bench, job);
    return;
  }
  advance(roundOf(bench, job, tally));
}

function roundOf(bench: Workbench, job: Job, tally: Tally): Round {
  const { status = {} } = job;
  const fresh = tally.succeeded.map(indexOf).filter((index) => index >= 0);
  const indexes = [...new Set([...parseIndexes(status.completedIndexes), ...fresh])];
  const succeeded =
    job.spec.completionMode === "Indexed" ? indexes.length : (status.succeeded ?? 0) + tally.succeeded.length;
  const started = status.startTime ?? (job.spec.suspend ? undefined : timestamp(bench.now()));
  const failed = (status.failed ?? 0) + tally.failed.length;
  return { bench, job, tally, succeeded, failed, indexes, startTime: started };
}

function advance(round: Round): void {
  const { bench, job } = round;
  const ending = endOf(round);
  let failure: unknown;
  if (ending) clearAway(round);
  else if (job.spec.suspend) clearAway(round);
  else {
    try {
      manage(round);
    } catch (error) {
      failure = error;
    }
  }
  saveStatus({ ...round, tally: { ...tallyOf(bench, job), ...finishedIn(round.tally) } }, ending);
  release(bench, [...round.tally.succeeded, ...round.tally.failed]);
  if (failure) throw failure;
}

function finishedIn({ succeeded, failed }: Tally): Pick<Tally, "succeeded" | "failed"> {
  return { succeeded, failed };
}

/** Why the Job is to end; undefined: it goes on. */
function endOf(round: Round): Verdict | undefined {
  const { bench, job, failed, succeeded, startTime, tally } = round;
  const { backoffLimit = 6, completions, activeDeadlineSeconds } = job.spec;
  const decided = conditionOf(job.status?.conditions, "FailureTarget");
  if (decided) return decided;
  if (failed > backoffLimit || restartedTooOften(job, tally)) return verdicts.tooManyFailures;
  if (startTime && activeDeadlineSeconds !== undefined && !job.spec.suspend) {
    const left = Date.parse(startTime) + activeDeadlineSeconds * 1000 - bench.now().getTime();
    if (left <= 0) return verdicts.tooLate;
    bench.again(keyOf(job), left + 10);
  }
  const enough =
    completions === undefined ? succeeded > 0 && tally.active.length === 0 : succeeded >= completions;
  return enough ? verdicts.completed : undefined;
}

/** With OnFailure the restarts of containers count, and a restart that reaches the limit is one too many. */
function restartedTooOften(job: Job, { active }: Tally): boolean {
  if (job.spec.template.spec.restartPolicy !== "OnFailure") return false;
  const restarts = active.reduce((sum, pod) => sum + restartsOf(pod), 0);
  const { backoffLimit = 6 } = job.spec;
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

function clearAway({ bench, job, tally }: Round): void {
  for (const pod of tally.active) deletePod(bench, job, pod);
}

/** As many pods as may work at a time, and no more than there is work left. */
function manage(round: Round): void {
  const { bench, job, tally, succeeded, indexes } = round;
  const { parallelism = 1, completions } = job.spec;
  const { active } = tally;
  const room = completions === undefined ? parallelism : Math.min(parallelism, completions - succeeded);
  const wanted = completions === undefined && succeeded > 0 ? active.length : room;
  for (const pod of active.slice(wanted)) deletePod(bench, job, pod);
  if (active.length >= wanted) return;
  const wait = backOffLeft(round);
  if (wait > 0) {
    bench.again(keyOf(job), wait + 10);
    return;
  }
  const taken = new Set([...indexes, ...active.map(indexOf)]);
  for (let made = active.length; made < wanted; made++) addPod(bench, job, nextIndex(job, taken));
}

function nextIndex(job: Job, taken: Set<number>): number | undefined {
  if (job.spec.completionMode !== "Indexed") return undefined;
  let index = 0;
  while (taken.has(index)) index += 1;
  taken.add(index);
  return index;
}

/** Milliseconds until a failed pod may be replaced: longer after each failure. */
function backOffLeft({ bench, job, failed, tally }: Round): number {
  if (failed === 0) return 0;
  const pods = [...tally.failed, ...countedFailures(bench, job)];
  const last = Math.max(0, ...pods.map(endOfPod));
  const delay = Math.min(bench.timing.jobBackOff * 2 ** (failed - 1), bench.timing.jobBackOff * 36);
  return last + delay - bench.now().getTime();
}

function countedFailures(bench: Workbench, job: Job): Pod[] {
  const isFailed = (pod: Pod): boolean => pod.status?.phase === "Failed" && isControlledBy(pod, job);
  return bench.store.list("pods", job.metadata.namespace, (pod) => isFailed(pod as Pod)) as Pod[];
}

function endOfPod(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => state["terminated"]?.["finishedAt"]);
  return Math.max(0, ...ends.map((end) => (typeof end === "string" ? Date.parse(end) : 0)));
}

function saveStatus(round: Round, ending: Verdict | undefined): void {
  const { bench, job, tally, succeeded, failed, indexes, startTime } = round;
  const now = bench.now();
  const conditions = conditionsOf(round, ending);
  const complete = conditionOf(conditions, "Complete");
  const resumed = has(job, "Suspended") && !job.spec.suspend;
  const started = resumed ? timestamp(now) : startTime;
  const status: JobStatus = {
    ...counted({ active: tally.active.length, failed, succeeded }),
    ...(job.spec.completionMode === "Indexed" && { completedIndexes: indexText(indexes) }),
    ...(complete && { completionTime: complete.lastTransitionTime! }),
    ...(conditions.length > 0 && { conditions }),
    ready: tally.ready,
    ...(started && { startTime: started }),
    terminating: tally.terminating,
    uncountedTerminatedPods: {},
  };
  const said = conditions.filter(({ type, status }) => status === "True" && !has(job, type as "Complete"));
  if (!sameJson(status, job.status)) bench.store.updateStatus("jobs", { ...job, status }, bench.by());
  for (const condition of said) announce(bench, job, condition);
  if (resumed) bench.record(job, { type: "Normal", reason: "Resumed", message: "Job resumed" });
}

/** An ending is first decided, and said to be over once no pod runs any more. */
function conditionsOf({ bench, job, tally }: Round, ending: Verdict | undefined): Condition[] {
  let conditions = job.status?.conditions ?? [];
  const now = bench.now();
  if (ending) {
    const completed = ending.reason === verdicts.completed.reason;
    conditions = saying(conditions, completed ? "SuccessCriteriaMet" : "FailureTarget", "True", {
      ...ending,
      now,
    });
    const quiet = tally.active.length === 0 && tally.terminating === 0;
    return quiet
      ? saying(conditions, completed ? "Complete" : "Failed", "True", { ...ending, now })
      : conditions;
  }
  if (job.spec.suspend) return saying(conditions, "Suspended", "True", { ...verdicts.suspended, now });
  if (!has(job, "Suspended")) return conditions;
  return saying(conditions, "Suspended", "False", { ...verdicts.resumed, now });
}

function announce(bench: Workbench, job: Job, { type, reason = "", message = "" }: Condition): void {
  if (type === "Complete")
    bench.record(job, { type: "Normal", reason: "Completed", message: "Job completed" });
  if (type === "Failed") bench.record(job, { type: "Warning", reason, message });
  if (type === "Suspended") bench.record(job, { type: "Normal", reason: "Suspended", message });
}

/** Deletes a Job, and with it its pods, once its time after the end is over. */
function forget(bench: Workbench, job: Job): void {
  const { ttlSecondsAfterFinished: ttl } = job.spec;
  const ended = endedAt(job);
  if (ttl === undefined || ended === undefined) return;
  const left = ended + ttl * 1000 - bench.now().getTime();
  if (left > 0) bench.again(keyOf(job), left + 10);
  else bench.store.delete("jobs", job.metadata.namespace, job.metadata.name, bench.by());
}
