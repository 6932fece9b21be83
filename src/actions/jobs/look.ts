import { cleanLine, cleanText } from "../../domain/clean-text.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import type { Attachment } from "../../domain/view.ts";
import type { Observation } from "../../engine/playbooks/action.ts";
import type { Json, Objects } from "../../engine/ports.ts";
import { container } from "./manifest.ts";
import { lastBytes } from "../diagnose/last-bytes.ts";
import { hideSecrets } from "../diagnose/hide-secrets.ts";
import { readReport } from "./report.ts";
import { type JobObject, JobPod, type Terminated } from "./shapes.ts";
import type { Watched } from "./watched.ts";
import { whyNotStarted } from "./start.ts";

/** What is read of a log, and what is looked at of that, from its end: enough for the report of a scan. */
const log = { tailLines: 20_000, bytes: 4 * 2 ** 20 };
/** Lines that are kept with the run, and lines about what is wrong that are told beside the last. */
const [kept, told] = [40, 3];
const wrong = /\b(fail(ed|ure|ing)?|error|fatal|exception|traceback|refused|denied)\b/i;
const longestLine = 160;
/** Characters of a line that are searched for secrets. */
const longestRead = 2000;
/** A line of JSON, and no line like `[INFO] started`. */
const isData = /^\s*([\]{}"]|\[\s*([\]{["]|$))/;
/** ms after its end in which a log is waited for whose node does not answer. */
const logWithinMs = 20_000;

async function podOf(objects: Objects, { ref }: Watched): Promise<JobPod | null> {
  const pods = { group: "", resource: "pods", namespace: ref.namespace };
  for await (const item of objects.list(pods, { labelSelector: `batch.kubernetes.io/job-name=${ref.name}` }))
    return JobPod.parse(item);
  return null;
}

/** null: nobody may read it, there is none, or the pod's node does not answer and it is not to be waited for. */
async function logOf(
  objects: Objects,
  pod: { namespace: string; name: string },
  { tailLines, waits }: { tailLines: number; waits: boolean },
): Promise<string | null> {
  try {
    return lastBytes(await objects.logs({ ...pod, container }, { tailLines }), log.bytes);
  } catch (error) {
    if (isUserError(error) || (isError(error, "ClusterUnreachable") && !waits)) return null;
    throw error;
  }
}

/** Bytes of a log, its last, that are handed on as a file. */
const fileBytes = 2 ** 20;

/** The end of its log, and the report that it ended with, as files; what looks like a secret is hidden. */
export async function filesOfJob(
  watched: Watched,
  { objects, run }: { objects: Objects; run: number },
): Promise<Attachment[]> {
  const pod = await podOf(objects, watched);
  const ended = pod?.status.containerStatuses.find(({ name }) => name === container)?.state.terminated;
  if (pod === null || ended === undefined) return [];
  const at = { namespace: watched.ref.namespace, name: pod.metadata.name };
  const text = lastBytes(await objects.logs({ ...at, container }, { tailLines: log.tailLines }), fileBytes);
  const file = (what: string, extension: string, content: string): Attachment[] =>
    content.trim() === ""
      ? []
      : [
          {
            filename: `${watched.name}-R${run}-${what}.${extension}`,
            title: `${watched.name}: ${what}`,
            content: cleanText(content).split("\n").map(hideSecrets).join("\n"),
          },
        ];
  const report = ended.message.trim();
  return [...file("log", "txt", text), ...file("report", isData.test(report) ? "json" : "txt", report)];
}

/** The last lines that people can read: a report is for programs. */
function lastLines(text: string, most: number): string[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !isData.test(line))
    .slice(-most)
    .map((line) => shortened(hideSecrets(cleanText(line.slice(0, longestRead)))));
}

function shortened(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}

/** What went wrong, and how it ended. */
function tellingLines(lines: readonly string[]): string[] {
  const last = lines.slice(-1);
  return [
    ...lines
      .slice(0, -1)
      .filter((line) => wrong.test(line))
      .slice(-told),
    ...last,
  ];
}

function seconds({ startedAt, finishedAt }: Terminated): number | null {
  return startedAt && finishedAt ? Math.max(0, (finishedAt.getTime() - startedAt.getTime()) / 1000) : null;
}

function howItEnded({ name, memory }: Watched, ended: Terminated): string {
  const took = seconds(ended);
  const after = took === null ? "" : ` after ${formatDuration(took * 1000)}`;
  if (ended.reason === "OOMKilled") return `${name} ran out of memory${after}: it may use ${memory}`;
  return `${name} ended with exit code ${ended.exitCode}${after}`;
}

async function finished(
  watched: Watched,
  pod: JobPod,
  ended: Terminated,
  { objects, now }: Looking,
): Promise<Observation> {
  const sinceEnd = now.getTime() - (ended.finishedAt ?? now).getTime();
  const text = await logOf(
    objects,
    { namespace: watched.ref.namespace, name: pod.metadata.name },
    { tailLines: log.tailLines, waits: sinceEnd < logWithinMs },
  );
  const lines = tellingLines(lastLines(text ?? "", kept));
  const figures =
    watched.report === "none"
      ? null
      : (readReport(watched.report, ended.message) ?? readReport(watched.report, text ?? ""));
  const values: Json = {
    job: watched.ref.name,
    pod: pod.metadata.name,
    exitCode: ended.exitCode,
    seconds: seconds(ended),
    log: lastLines(text ?? "", kept),
    report: figures === null ? null : { numbers: figures.numbers, notes: figures.notes },
  };
  const how = howItEnded(watched, ended);
  if (ended.exitCode === 0) {
    const last = lines.at(-1);
    return {
      state: "done",
      evidence: [{ what: last === undefined ? how : `${how}: ${last}`, ok: true }],
      values,
    };
  }
  const unread = text === null ? ["Its log could not be read."] : [];
  const detail = [how, ...lines, ...unread].join(" · ");
  return { state: "failed", detail, evidence: [{ what: detail, ok: false }], values };
}

/** Ended without a pod that could tell how. */
function endedUnseen(
  { name, deadlineMs }: Watched,
  condition: { type: string; reason: string; message: string },
): Observation {
  if (condition.type === "Complete")
    return {
      state: "done",
      evidence: [{ what: `${name} completed; its pod and its log are gone`, ok: true }],
    };
  const detail =
    condition.reason === "DeadlineExceeded"
      ? `${name} had not ended after ${formatDuration(deadlineMs)}, its deadline, and Kubernetes stopped it. Raise \`jobs.${name}.deadline\` if it needs longer`
      : `${name} failed, and its pod is gone (deleted or evicted): ${cleanLine(condition.message) || condition.reason}`;
  return { state: "failed", detail, evidence: [{ what: detail, ok: false }] };
}

interface Looking {
  objects: Objects;
  /** When its step began. */
  since: Date;
  now: Date;
}

/** How a Job stands that was made. */
export async function lookAtJob(watched: Watched, job: JobObject, looking: Looking): Promise<Observation> {
  const { objects, since, now } = looking;
  const pod = await podOf(objects, watched);
  const state = pod?.status.containerStatuses.find(({ name }) => name === container)?.state;
  if (pod !== null && state?.terminated !== undefined) {
    const deadline = job.status.conditions.some(({ reason }) => reason === "DeadlineExceeded");
    if (!deadline) return finished(watched, pod, state.terminated, looking);
  }
  const over = job.status.conditions.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
  if (over !== undefined) return endedUnseen(watched, over);
  if (pod === null || state?.running === undefined) {
    const sinceMs = now.getTime() - since.getTime();
    const { why, final } = await whyNotStarted(watched, { job, pod, objects, sinceMs });
    if (!final) return { state: "pending", detail: `${watched.name}: ${why}` };
    const detail = `${watched.name} never started: ${why}`;
    return { state: "failed", detail, evidence: [{ what: detail, ok: false }] };
  }
  const at = { namespace: watched.ref.namespace, name: pod.metadata.name };
  const [last] = lastLines((await logOf(objects, at, { tailLines: 20, waits: false })) ?? "", 1);
  return { state: "pending", detail: `${watched.name} runs${last === undefined ? "" : `: ${last}`}` };
}
