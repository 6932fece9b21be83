import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { isOwn, isReady, ownerOf, Pod } from "./diagnose/objects.ts";
import { defineProbe } from "./diagnose/probe.ts";
import type { PodsSeen } from "./diagnose/seen.ts";

type Troubled = PodsSeen["troubled"][number];

/** Pods in trouble that are told of; the rest is counted. */
const mostTold = 20;

/** The kubelet's word for what keeps a pod from running, or the scheduler's. */
function reasonOf({ status }: Pod): { reason: string | null; message: string | null } {
  const containers = [...status.initContainerStatuses, ...status.containerStatuses];
  const waiting = containers
    .map(({ state }) => state.waiting)
    .find(
      (one) => one !== undefined && one.reason !== "ContainerCreating" && one.reason !== "PodInitializing",
    );
  if (waiting) return { reason: waiting.reason || null, message: waiting.message || null };
  const ended = containers
    .map(({ state }) => state.terminated)
    .find((one) => one !== undefined && one.exitCode !== 0);
  if (ended) return { reason: ended.reason || null, message: null };
  const unscheduled = status.conditions.find((one) => one.type === "PodScheduled" && one.status === "False");
  if (unscheduled)
    return { reason: unscheduled.reason ?? "Unschedulable", message: unscheduled.message ?? null };
  return { reason: status.reason ?? null, message: status.message ?? null };
}

function wasOomKilled({ status }: Pod): boolean {
  return status.containerStatuses.some(
    ({ state, lastState }) =>
      state.terminated?.reason === "OOMKilled" || lastState.terminated?.reason === "OOMKilled",
  );
}

/** Pods of Jobs come to an end, and one that is leaving is no trouble. */
function counts({ metadata, status }: Pod): boolean {
  const ofJob = metadata.ownerReferences.some(({ kind }) => kind === "Job");
  return metadata.deletionTimestamp === undefined && !ofJob && status.phase !== "Succeeded";
}

function textOf({ pod, ready, restarts, reason, message, oomKilled }: Troubled): string {
  const parts = [
    ready ? "ready" : "not ready",
    ...(reason === null ? [] : [reason + (message === null ? "" : ` (${cleanLine(message).slice(0, 160)})`)]),
    ...(oomKilled ? ["OOMKilled before"] : []),
    ...(restarts > 0 ? [`${restarts} restarts`] : []),
  ];
  return `${pod}: ${parts.join(", ")}`;
}

/** Its own pods first, then those that are not ready, then by restarts. */
function worstFirst(a: Troubled, b: Troubled): number {
  return Number(b.own) - Number(a.own) || Number(a.ready) - Number(b.ready) || b.restarts - a.restarts;
}

/** Every pod of the namespace, one page at a time: phases, restarts, why they wait, and which ran out of memory. */
export const probePods = defineProbe({
  name: "probe-pods",
  params: z.strictObject({}),
  title: ({ target }) => `pods in ${target.namespace}`,
  calls: ({ target: { namespace } }) => [{ verb: "list", group: "", resource: "pods", namespace }],
  kubectl: ({ target }) => [`kubectl get pods -n ${target.namespace}`],

  async look(context) {
    const { cluster, target } = context;
    const seen: PodsSeen = { total: 0, own: 0, ownReady: 0, troubled: [] };
    for await (const item of cluster.objects.list({
      group: "",
      resource: "pods",
      namespace: target.namespace,
    })) {
      const pod = Pod.parse(item);
      if (!counts(pod)) continue;
      const [own, ready, oomKilled] = [isOwn(pod, context), isReady(pod), wasOomKilled(pod)];
      seen.total += 1;
      if (own) seen.own += 1;
      if (own && ready) seen.ownReady += 1;
      const restarts = pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
      if (ready && restarts === 0 && !oomKilled) continue;
      const { name } = pod.metadata;
      seen.troubled.push({
        pod: name,
        owner: ownerOf(pod),
        own,
        ready,
        restarts,
        oomKilled,
        ...reasonOf(pod),
      });
      // Never more than twice what is told of, however many there are.
      if (seen.troubled.length > mostTold * 2)
        seen.troubled = seen.troubled.toSorted(worstFirst).slice(0, mostTold);
    }
    seen.troubled = seen.troubled.toSorted(worstFirst).slice(0, mostTold);
    const evidence: Evidence[] = [
      {
        what: `${seen.ownReady} of ${seen.own} pods of ${target.name} are ready`,
        ok: seen.own > 0 && seen.ownReady === seen.own,
      },
      ...seen.troubled.slice(0, 8).map((one) => ({ what: textOf(one), ok: false })),
    ];
    return { state: "done", evidence, values: seen };
  },
});
