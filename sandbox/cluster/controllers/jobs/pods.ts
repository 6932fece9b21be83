import type { KubeObject } from "../../object.ts";
import { claim } from "../claim.ts";
import type { Workbench } from "../controller.ts";
import type { Pod, PodTemplate } from "../objects.ts";
import { controllerOf } from "../ownership.ts";
import { isFinished, isReady, isTerminating } from "../pod-readiness.ts";
import { createPod } from "../pods.ts";
import type { Job } from "./objects.ts";

/** Keeps a finished pod until it has been counted. */
const tracking = "batch.kubernetes.io/job-tracking";
const indexKey = "batch.kubernetes.io/job-completion-index";

export interface Tally {
  active: Pod[];
  ready: number;
  terminating: number;
  /** Finished pods that no status has counted yet. */
  succeeded: Pod[];
  failed: Pod[];
}

/** The Job's pods by what they mean for it. A pod that is being deleted counts as failed. */
export function tallyOf(bench: Workbench, job: Job): Tally {
  const pods = claim(bench, "pods", job, job.spec.selector) as Pod[];
  const uncounted = pods.filter(({ metadata }) => metadata.finalizers?.includes(tracking));
  const hasSucceeded = (pod: Pod): boolean => pod.status?.phase === "Succeeded";
  const active = pods.filter((pod) => !isFinished(pod) && !isTerminating(pod));
  return {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)).length,
    succeeded: uncounted.filter(hasSucceeded),
    failed: uncounted.filter((pod) => !hasSucceeded(pod) && (isFinished(pod) || isTerminating(pod))),
  };
}

/** Lets go of pods that are counted, or whose Job is gone. */
export function release(bench: Workbench, pods: Pod[]): void {
  for (const pod of pods) {
    const finalizers = pod.metadata.finalizers?.filter((one) => one !== tracking);
    if (finalizers?.length === pod.metadata.finalizers?.length) continue;
    const metadata = { ...pod.metadata };
    if (finalizers?.length) metadata.finalizers = finalizers;
    else delete metadata.finalizers;
    bench.store.update("pods", { ...pod, metadata }, bench.by());
  }
}

/** The pods of a Job that no longer exists. */
export function orphansOf(bench: Workbench, namespace: string, job: string): Pod[] {
  return bench.store.list("pods", namespace, (pod) => {
    const owner = controllerOf(pod);
    return owner?.kind === "Job" && owner.name === job;
  }) as Pod[];
}

export function indexOf(pod: KubeObject): number {
  return Number(pod.metadata.annotations?.[indexKey] ?? -1);
}

/** Creates one more pod; of an Indexed Job for the lowest index that has none. */
export function addPod(bench: Workbench, job: Job, index: number | undefined): void {
  const { template } = job.spec;
  const metadata = { ...template.metadata, finalizers: [tracking] };
  if (index === undefined) {
    createPod(bench, job, { ...template, metadata });
    return;
  }
  createPod(bench, job, indexed(job, { ...template, metadata }, index), `${job.metadata.name}-${index}-`);
}

function indexed(job: Job, template: PodTemplate, index: number): PodTemplate {
  const said = { [indexKey]: String(index) };
  const fieldPath = `metadata.labels['${indexKey}']`;
  const variable = {
    name: "JOB_COMPLETION_INDEX",
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } },
  };
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), variable],
  }));
  return {
    metadata: {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, ...said },
      labels: { ...template.metadata?.labels, ...said },
    },
    spec: { ...template.spec, containers, hostname: `${job.metadata.name}-${index}` },
  };
}

/** "0-2,4" of [0, 1, 2, 4]. */
export function indexText(indexes: number[]): string {
  const runs: [number, number][] = [];
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else if (!last || index > last[1]) runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(",");
}

export function parseIndexes(text: string | undefined): number[] {
  return (text ?? "")
    .split(",")
    .filter(Boolean)
    .flatMap((run) => {
      const [from = 0, to = from] = run.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
    });
}
