import { parseISO } from "date-fns/parseISO";
import { formatDuration } from "../../domain/deadline.ts";
import { templateDigest } from "../../domain/pod-template.ts";
import type { Target } from "../../domain/app.ts";
import type { Evidence } from "../../domain/timeline.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { BaseContext, Observation } from "../../engine/playbooks/action.ts";
import type { Cluster, JsonObject, PodFacts, RolloutStatus, Workload } from "../../engine/ports.ts";
import { rolloutLine } from "./kubectl.ts";
import { imageOf } from "./metadata.ts";
import { deletePodLine, describePod, isHopeless, isOf, strandedPods } from "./stuck-pods.ts";
import { lastWriter } from "./write-template.ts";

export type Awaited = {
  /** null: whichever there is, because it was not there when it was planned. */
  uid: string | null;
  /** Digests of the templates that are waited for: any other means that somebody changed it again. Empty: any. */
  templates: string[];
  stuckAfterMs: number;
};

type LookContext = Pick<BaseContext, "now"> & { cluster: Cluster };

/** Reasons to give up before looking at the status: what is there is not what is waited for. */
function divergence({ uid, templates }: Awaited, workload: Workload): string | null {
  const { name } = workload.target;
  if (uid !== null && workload.uid !== uid) return `${name} was deleted and made again`;
  if (templates.length > 0 && !templates.includes(templateDigest(workload.template)))
    return `Superseded: the template of ${name} was changed by ${lastWriter(workload)}`;
  if (workload.paused)
    return `${name} was paused; its rollout goes on after \`${rolloutLine(workload.target, "resume")}\``;
  return null;
}

interface Pods {
  /** Broken pods of the revision that is rolled out. */
  broken: PodFacts[];
  /** Broken pods of another revision that a StatefulSet waits for. */
  stranded: PodFacts[];
}

async function lookAtPods(workload: Workload, cluster: Cluster): Promise<Pods> {
  const [pods, revisions] = await Promise.all([cluster.pods(workload), cluster.revisions(workload)]);
  const current = revisions.find((revision) => revision.current);
  // Broken pods of the revision that is left are on their way out and say nothing about the new one.
  const broken = pods.filter((pod) => isHopeless(pod) && current !== undefined && isOf(current, pod));
  return { broken, stranded: strandedPods(workload, pods, current) };
}

function asEvidence(pods: readonly PodFacts[]): Evidence[] {
  return pods.map((pod) => ({ what: describePod(pod), ok: false }));
}

interface Condition {
  type?: string;
  status?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** Why the controller cannot make pods at all: a quota, an admission rule. `since`: ms since 1970. */
export function cannotMake(raw: JsonObject): { message: string; since: number } | null {
  const { conditions = [] } = (raw["status"] ?? {}) as { conditions?: Condition[] };
  const found = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  if (found === undefined) return null;
  return {
    message: found.message ?? "it says no more",
    since: parseISO(found.lastTransitionTime ?? "").getTime(),
  };
}

/** Not done yet: is it on its way, or stuck? */
async function progress(
  { stuckAfterMs }: Awaited,
  workload: Workload,
  status: RolloutStatus,
  { cluster, now }: LookContext,
): Promise<Observation> {
  const { broken, stranded } = await lookAtPods(workload, cluster);
  const evidence = [{ what: status.detail, ok: false }, ...asEvidence([...broken, ...stranded])];
  if (status.state === "failed") return { state: "failed", detail: status.detail, evidence };
  const isOld = (since: number): boolean => now().getTime() - since >= stuckAfterMs;
  const waitedFor = stranded.find((pod) => isOld(pod.createdAt.getTime()));
  if (waitedFor !== undefined)
    return {
      state: "failed",
      detail: `The StatefulSet waits for ${waitedFor.name}, which will never get ready. Delete it and it is made anew from the right revision: \`${deletePodLine(workload, waitedFor)}\``,
      evidence,
    };
  const stuck = broken.find((pod) => isOld(pod.createdAt.getTime()));
  if (stuck !== undefined)
    return { state: "failed", detail: `New pods do not get ready: ${describePod(stuck)}`, evidence };
  const refused = cannotMake(workload.raw);
  if (refused !== null) {
    const detail = `No new pod can be made: ${refused.message}`;
    if (isOld(refused.since)) return { state: "failed", detail, evidence };
    return { state: "pending", detail: `${detail}; given up after ${formatDuration(stuckAfterMs)}` };
  }
  const first = broken[0] ?? stranded[0];
  return { state: "pending", detail: `${status.detail}${first ? `; ${describePod(first)}` : ""}` };
}

/** How far the rollout of one workload is, with what keeps it from getting done. */
export async function lookAtRollout(
  target: Target,
  awaited: Awaited,
  container: string | undefined,
  context: LookContext,
): Promise<Observation> {
  const { cluster } = context;
  let workload: Workload;
  try {
    workload = await cluster.workload(target);
  } catch (error) {
    if (!isRefusal(error, "not-found")) throw error;
    return { state: "diverged", detail: `${target.name} was deleted` };
  }
  const diverged = divergence(awaited, workload);
  if (diverged !== null) return { state: "diverged", detail: diverged };
  const status = await cluster.rolloutStatus(workload);
  if (status.state !== "done") return progress(awaited, workload, status, context);
  const image = imageOf(workload.template, container);
  return { state: "done", evidence: [{ what: `${status.detail}: ${image}`, ok: true }] };
}
