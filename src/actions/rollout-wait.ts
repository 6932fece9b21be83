import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { templateDigest } from "../domain/pod-template.ts";
import type { Evidence } from "../domain/timeline.ts";
import { type ActionContext, defineAction, type Observation } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { PodFacts, RolloutStatus, Workload } from "../engine/ports.ts";
import { onPods, onRevisions, onWorkload } from "./rollout/calls.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { imageOf } from "./rollout/metadata.ts";
import { deletePodLine, describePod, isHopeless, isOf, strandedPods } from "./rollout/stuck-pods.ts";
import { lastWriter, LeavesTemplate } from "./rollout/write-template.ts";

const Params = z.strictObject({
  stuckAfter: Duration.default(60_000).describe(
    "a pod broken for so long is taken for stuck, before the Deployment's own progress deadline says so",
  ),
});

type WaitState = {
  uid: string;
  /** Digests of the templates that are waited for: any other means that somebody changed it again. */
  templates: string[];
  stuckAfterMs: number;
};

/** What the steps before leave on this target; without one, what runs now. */
function expectedTemplates(workload: Workload, { before, target }: ActionContext): string[] {
  const key = digest(target);
  for (const step of before.toReversed()) {
    const left = LeavesTemplate.safeParse(step.state);
    if (left.success && step.targets.some((other) => digest(other) === key)) return left.data.leaves;
  }
  return [templateDigest(workload.template)];
}

/** Reasons to give up before looking at the status: what is there is not what is waited for. */
function divergence(state: WaitState, workload: Workload): string | null {
  const { name } = workload.target;
  if (workload.uid !== state.uid) return `${name} was deleted and made again`;
  if (!state.templates.includes(templateDigest(workload.template)))
    return `Superseded: the template of ${name} was changed by ${lastWriter(workload)}`;
  if (workload.paused)
    return `${name} was paused; its rollout goes on after \`${rolloutLine(workload.target, "resume")}\``;
  return null;
}

interface Look {
  /** Broken pods of the revision that is rolled out. */
  broken: PodFacts[];
  /** Broken pods of another revision that a StatefulSet waits for. */
  stranded: PodFacts[];
}

async function lookAtPods(workload: Workload, { cluster }: ActionContext): Promise<Look> {
  const [pods, revisions] = await Promise.all([cluster.pods(workload), cluster.revisions(workload)]);
  const current = revisions.find((revision) => revision.current);
  // Broken pods of the revision that is left are on their way out and say nothing about the new one.
  const broken = pods.filter((pod) => isHopeless(pod) && current !== undefined && isOf(current, pod));
  return { broken, stranded: strandedPods(workload, pods, current) };
}

function asEvidence(pods: readonly PodFacts[]): Evidence[] {
  return pods.map((pod) => ({ what: describePod(pod), ok: false }));
}

/** Not done yet: is it on its way, or stuck? */
async function progress(
  state: WaitState,
  workload: Workload,
  status: RolloutStatus,
  context: ActionContext,
): Promise<Observation> {
  const { broken, stranded } = await lookAtPods(workload, context);
  const evidence = [{ what: status.detail, ok: false }, ...asEvidence([...broken, ...stranded])];
  if (status.state === "failed") return { state: "failed", detail: status.detail, evidence };
  const isOld = (pod: PodFacts): boolean =>
    context.now().getTime() - pod.createdAt.getTime() >= state.stuckAfterMs;
  const waitedFor = stranded.find(isOld);
  if (waitedFor !== undefined)
    return {
      state: "failed",
      detail: `The StatefulSet waits for ${waitedFor.name}, which will never get ready. Delete it and it is made anew from the right revision: \`${deletePodLine(workload, waitedFor)}\``,
      evidence,
    };
  const stuck = broken.find(isOld);
  if (stuck !== undefined)
    return { state: "failed", detail: `New pods do not get ready: ${describePod(stuck)}`, evidence };
  const first = broken[0] ?? stranded[0];
  return { state: "pending", detail: `${status.detail}${first ? `; ${describePod(first)}` : ""}` };
}

/** `kubectl rollout status`, until it is done, has failed, is stuck or is about something else by now. */
export const rolloutWait = defineAction<z.infer<typeof Params>, WaitState>({
  name: "rollout-wait",
  params: Params,
  permission: "workload:read",

  async plan({ stuckAfter }, context) {
    const { cluster, target } = context;
    const workload = await cluster.workload(target);
    const templates = expectedTemplates(workload, context);
    return {
      title: `wait until ${target.name} is rolled out`,
      calls: [...onWorkload(target, ["get"]), ...onPods(target), ...onRevisions(target)],
      facts: [],
      diff: null,
      kubectl: [rolloutLine(target, "status")],
      warnings: [],
      fingerprint: digest([workload.uid]),
      inverse: null,
      state: { uid: workload.uid, templates, stuckAfterMs: stuckAfter },
    };
  },

  async observe(state, context) {
    const { cluster, target, environment } = context;
    let workload: Workload;
    try {
      workload = await cluster.workload(target);
    } catch (error) {
      if (!isRefusal(error, "not-found")) throw error;
      return { state: "diverged", detail: `${target.name} was deleted` };
    }
    const diverged = divergence(state, workload);
    if (diverged !== null) return { state: "diverged", detail: diverged };
    const status = await cluster.rolloutStatus(workload);
    if (status.state !== "done") return progress(state, workload, status, context);
    const image = imageOf(workload.template, environment.container);
    return { state: "done", evidence: [{ what: `${status.detail}: ${image}`, ok: true }] };
  },
});
