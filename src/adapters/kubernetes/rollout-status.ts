import type { RolloutStatus, Workload } from "../../engine/ports.ts";
import { revisionNumber } from "./revisions.ts";
import { WorkloadObject } from "./shapes.ts";

const progressing = (detail: string): RolloutStatus => ({ state: "progressing", detail });
const done = (detail: string): RolloutStatus => ({ state: "done", detail });
const failed = (detail: string): RolloutStatus => ({ state: "failed", detail });

const unseen = "The controller has not seen the change yet";

function deploymentStatus({ metadata, spec, status }: WorkloadObject): RolloutStatus {
  if (metadata.generation > status.observedGeneration) return progressing(unseen);
  const condition = status.conditions.find(({ type }) => type === "Progressing");
  if (condition?.reason === "ProgressDeadlineExceeded")
    return failed(`No progress within its deadline${condition.message ? `: ${condition.message}` : ""}`);
  const { replicas, updatedReplicas, availableReplicas } = status;
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas)
    return progressing(`${updatedReplicas} of ${spec.replicas} new replicas are made`);
  if (replicas > updatedReplicas)
    return progressing(`${replicas - updatedReplicas} old replicas are still to stop`);
  if (availableReplicas < updatedReplicas)
    return progressing(`${availableReplicas} of ${updatedReplicas} new replicas are available`);
  return done(`${availableReplicas} of ${spec.replicas ?? updatedReplicas} replicas run the new revision`);
}

function daemonSetStatus({ metadata, spec, status }: WorkloadObject): RolloutStatus {
  if (spec.updateStrategy.type !== "RollingUpdate") return failed(noRollout(spec.updateStrategy.type));
  if (metadata.generation > status.observedGeneration) return progressing(unseen);
  const { desiredNumberScheduled: wanted, updatedNumberScheduled: updated, numberAvailable } = status;
  if (updated < wanted) return progressing(`${updated} of ${wanted} nodes have the new pod`);
  if (numberAvailable < wanted) return progressing(`${numberAvailable} of ${wanted} new pods are available`);
  return done(`${numberAvailable} of ${wanted} nodes run the new revision`);
}

function statefulSetStatus({ metadata, spec, status }: WorkloadObject): RolloutStatus {
  const { type, rollingUpdate } = spec.updateStrategy;
  if (type !== "RollingUpdate") return failed(noRollout(type));
  if (status.observedGeneration === 0 || metadata.generation > status.observedGeneration)
    return progressing(unseen);
  const { readyReplicas, updatedReplicas } = status;
  if (spec.replicas !== undefined && readyReplicas < spec.replicas)
    return progressing(`${spec.replicas - readyReplicas} pods are not ready yet`);
  if (rollingUpdate !== undefined) {
    const wanted = (spec.replicas ?? 0) - (rollingUpdate.partition ?? 0);
    if (spec.replicas !== undefined && rollingUpdate.partition !== undefined && updatedReplicas < wanted)
      return progressing(`${updatedReplicas} of ${wanted} pods above the partition are new`);
    return done(`${updatedReplicas} pods run the new revision`);
  }
  if (status.updateRevision !== status.currentRevision)
    return progressing(`${updatedReplicas} pods are at ${status.updateRevision}`);
  return done(`${status.currentReplicas} pods run the new revision`);
}

function noRollout(type: string): string {
  return `Its update strategy is ${type}: pods change only when they are deleted, so there is no rollout to follow`;
}

const rules = { deployment: deploymentStatus, daemonset: daemonSetStatus, statefulset: statefulSetStatus };

/** The verdict of `kubectl rollout status` at this moment; `failed` where kubectl ends with an error. */
export function rolloutStatus(workload: Workload, revision?: number): RolloutStatus {
  if (revision !== undefined && workload.target.kind === "deployment") {
    const running = revisionNumber(workload.annotations);
    if (running !== revision) return failed(`It is at revision ${running ?? "?"}, not ${revision}`);
  }
  return rules[workload.target.kind](WorkloadObject.parse(workload.raw));
}
