import { randomUUID } from "node:crypto";
import type { KubeObject } from "../object.ts";
import { below, child, fill, items } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { defaultTemplate } from "./pod-spec.ts";

export function defaultDeployment(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = below(spec, "strategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(below(strategy, "rollingUpdate"), { maxUnavailable: "25%", maxSurge: "25%" });
  }
  if (spec["paused"] === false) delete spec["paused"];
  if (spec["minReadySeconds"] === 0) delete spec["minReadySeconds"];
  defaultTemplate(below(spec, "template"));
}

export function defaultReplicaSet(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { replicas: 1 });
  defaultTemplate(below(spec, "template"));
}

export function defaultStatefulSet(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    podManagementPolicy: "OrderedReady",
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
    serviceName: "",
  });
  const strategy = below(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") fill(below(strategy, "rollingUpdate"), { partition: 0 });
  defaultTemplate(below(spec, "template"));
  for (const claim of items(spec, "volumeClaimTemplates")) {
    fill(claim, { apiVersion: "v1", kind: "PersistentVolumeClaim", status: { phase: "Pending" } });
    below(claim, "metadata")["creationTimestamp"] = null;
    fill(below(claim, "spec"), { volumeMode: "Filesystem" });
  }
}

export function defaultDaemonSet(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { revisionHistoryLimit: 10 });
  const strategy = below(spec, "updateStrategy");
  fill(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate") {
    fill(below(strategy, "rollingUpdate"), { maxUnavailable: 1, maxSurge: 0 });
  }
  defaultTemplate(below(spec, "template"));
}

export function defaultJob(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, {
    backoffLimit: 6,
    completionMode: "NonIndexed",
    ...(spec["parallelism"] === undefined && { completions: 1, parallelism: 1 }),
    manualSelector: false,
    podReplacementPolicy: "TerminatingOrFailed",
    suspend: false,
  });
  if (!child(spec, "selector")) nameJobPods(object, spec);
  defaultTemplate(below(spec, "template"));
  object.metadata.labels ??= structuredClone(below(below(spec, "template"), "metadata")["labels"]) as Record<
    string,
    string
  >;
}

/** A Job finds its pods by its own uid, so that two Jobs of one template never share them. */
function nameJobPods(object: KubeObject, spec: Fields): void {
  const uid = (object.metadata.uid ??= randomUUID());
  const name = object.metadata.name;
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  const labels = below(below(below(spec, "template"), "metadata"), "labels");
  Object.assign(labels, {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  });
}

export function defaultCronJob(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, {
    concurrencyPolicy: "Allow",
    failedJobsHistoryLimit: 1,
    successfulJobsHistoryLimit: 3,
    suspend: false,
  });
  const job = below(spec, "jobTemplate");
  below(job, "metadata")["creationTimestamp"] = null;
  defaultTemplate(below(below(job, "spec"), "template"));
}

const cpuAt80 = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};

export function defaultAutoscaler(object: KubeObject): void {
  fill(below(object, "spec"), { minReplicas: 1, metrics: [cpuAt80] });
}
