import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import type { ReportKind } from "../domain/job.ts";
import type { ResourceCall, Warning } from "../domain/plan.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { JsonObject } from "../engine/ports.ts";
import { filesOfJob, lookAtJob } from "./jobs/look.ts";
import { jobName, jobObject, jobs, jobSpec } from "./jobs/manifest.ts";
import { roomFor } from "./jobs/room.ts";
import { asksForImage, filledIn, findJob, type NamedJob } from "./jobs/settings.ts";
import { JobObject } from "./jobs/shapes.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  job: z.string().describe("a name under `jobs` in crai.yaml"),
  values: z
    .record(z.string(), z.json())
    .default({})
    .describe("what the Job's arguments name as `values`, such as the tag that somebody typed"),
  stuckAfter: Duration.default(30_000).describe(
    "an image that cannot be pulled, or a pod that the cluster refuses, is given up after this long",
  ),
});

type JobState = {
  job: string;
  /** Tells the Job of this plan from one of the same run and step in another record. */
  nonce: string;
  namespace: string;
  spec: JsonObject;
  image: string;
  memory: string;
  deadlineMs: number;
  startWithinMs: number;
  stuckAfterMs: number;
  report: ReportKind;
};

/** ms between two looks: what a Job says as it goes need not be told every second. */
const lookEveryMs = 2000;

function callsIn(cluster: string, namespace: string): ResourceCall[] {
  const on = (verb: ResourceCall["verb"]): ResourceCall => ({ cluster, verb, ...jobs, namespace });
  const pods = { cluster, group: "", resource: "pods", namespace };
  return [
    on("create"),
    on("get"),
    on("delete"),
    { ...pods, verb: "list" },
    { ...pods, verb: "get", subresource: "log" },
  ];
}

/** What the cluster says of the Job and of what it needs, before anybody says yes. */
async function objections(
  job: NamedJob,
  { namespace, spec, nonce }: Pick<JobState, "namespace" | "spec" | "nonce">,
  { cluster, actor }: ActionContext,
): Promise<{ warnings: Warning[]; unchecked: string[] }> {
  const template = spec["template"] as JsonObject;
  const [room, references] = await Promise.all([
    roomFor(job, namespace, cluster),
    cluster.references(namespace, template),
  ]);
  const missing = references
    .filter(({ exists }) => exists === false)
    .map(({ kind, name }): Warning => ({
      level: "block",
      text: `The Job ${job.name} needs the ${kind} ${name}, which is not in ${namespace}.`,
      next: `Make it, or correct \`jobs.${job.name}\` in crai.yaml.`,
    }));
  const unchecked = [
    ...(room === null ? ["quotas"] : []),
    ...references.filter(({ exists }) => exists === null).map(({ kind, name }) => `the ${kind} ${name}`),
  ];
  const refused = actor.kind === "person" ? await refusalOf({ namespace, spec, nonce }, cluster) : [];
  return { warnings: [...(room ?? []), ...missing, ...refused], unchecked };
}

/** Whether the API server would take it. */
async function refusalOf(
  { namespace, spec, nonce }: Pick<JobState, "namespace" | "spec" | "nonce">,
  { objects }: ActionContext["cluster"],
): Promise<Warning[]> {
  const ref = { ...jobs, namespace, name: jobName(0, "plan", { attempt: 1, nonce }) };
  const object = jobObject(ref, spec, { run: 0, step: "plan" });
  try {
    await objects.create({ ...jobs, namespace }, object, { fieldManager, dryRun: true });
    return [];
  } catch (error) {
    // What the person may not do is said by the check of all rights.
    if (isRefusal(error, "forbidden")) return [];
    if (!isRefusal(error, "denied", "invalid", "not-found")) throw error;
    return [{ level: "block", text: `${error.message}: ${error.why}`, next: error.next }];
  }
}

function own({ namespace, nonce }: JobState, { inHand }: ActionContext) {
  if (inHand === null) throw new Error("A Job is of a step of a run");
  const { run, step, attempt } = inHand;
  return { ref: { ...jobs, namespace, name: jobName(run, step, { attempt, nonce }) }, run, step };
}

/** A Job with exactly this argument list, once: a run that is taken up after a crash finds it by its name. */
export const jobRun = defineAction<z.infer<typeof Params>, JobState>({
  name: "job-run",
  params: Params,
  permission: "job:run",

  async plan({ job: name, values, stuckAfter }, context) {
    const job = findJob(name, context);
    const { target, cluster } = context;
    const namespace = job.namespace ?? target.namespace;
    const workload = asksForImage(job) ? await cluster.workload(target) : null;
    const filled = filledIn(job, workload, context, values);
    const spec = jobSpec({ job, namespace, ...filled });
    const nonce = randomUUID().slice(0, 8);
    const { cpu, memory } = job.limits;
    const { warnings, unchecked } = await objections(job, { namespace, spec, nonce }, context);
    return {
      title: `run the Job ${name}`,
      calls: callsIn(target.cluster, namespace),
      facts: [
        { label: name, value: [filled.image, ...(job.command ?? []), ...filled.args].join(" ") },
        {
          label: `${name} gets`,
          value: [
            `${cpu} CPU, ${memory}, ${formatDuration(job.deadline)} in ${namespace}`,
            ...(job.serviceAccount === undefined ? [] : [` as ${job.serviceAccount}`]),
            ...(unchecked.length === 0 ? [] : [`; not checked (no right to look): ${unchecked.join(", ")}`]),
          ].join(""),
        },
      ],
      diff: null,
      kubectl: [`kubectl -n ${namespace} logs -f job/crai-…-${nonce}`],
      warnings,
      fingerprint: digest([namespace, spec]),
      inverse: null,
      passing: !job.lasting,
      targets: [],
      state: {
        job: name,
        nonce,
        namespace,
        spec,
        image: filled.image,
        memory,
        deadlineMs: job.deadline,
        startWithinMs: job.startWithin,
        stuckAfterMs: stuckAfter,
        report: job.report,
      },
    };
  },

  lookEvery: () => lookEveryMs,

  async apply(state, context) {
    const { ref, run, step } = own(state, context);
    const { name: _, ...all } = ref;
    try {
      await context.cluster.objects.create(all, jobObject(ref, state.spec, { run, step }), { fieldManager });
    } catch (error) {
      // Ours: an answer that never came, or a crash in between.
      if (!isRefusal(error, "exists")) throw error;
    }
  },

  async observe(state, context, since) {
    const { ref } = own(state, context);
    const { cluster, inHand, now } = context;
    const found = await cluster.objects.get(ref);
    // Before the engine has noted that the step acted, only whether the Job was made is asked.
    if (inHand?.acted() !== true) {
      if (found !== null) return { state: "done", evidence: [] };
      return { state: "pending", detail: `${state.job} is not made yet` };
    }
    if (found === null)
      return { state: "diverged", detail: `The Job ${ref.name} is gone: somebody deleted it` };
    const watched = { ...state, name: state.job, ref };
    return lookAtJob(watched, JobObject.parse(found), {
      objects: cluster.objects,
      since,
      now: now(),
    });
  },

  files(state, context) {
    const { ref, run } = own(state, context);
    return filesOfJob({ ...state, name: state.job, ref }, { objects: context.cluster.objects, run });
  },

  async halt(state, context) {
    const { ref } = own(state, context);
    const found = await context.cluster.objects.get(ref);
    if (found === null) return;
    const job = JobObject.parse(found);
    const over = job.status.conditions.some(
      ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
    );
    // What has ended stays, so that its log can be read.
    if (!over) await context.cluster.objects.remove(ref, job.metadata.uid);
  },
});
