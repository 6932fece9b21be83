import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";
import {
  defaultBinding,
  defaultEndpointSlice,
  defaultEvent,
  defaultLimitRange,
  defaultNamespace,
  defaultNetworkPolicy,
  defaultQuota,
  defaultSecret,
  defaultService,
  tidyMetadata,
} from "./core.ts";
import { dropNulls } from "../fields.ts";
import { admitPod, defaultPod, qosClass } from "./pods.ts";
import { defaultAdmissionPolicy, defaultClaim, defaultStorageClass, defaultVolume } from "./storage.ts";
import {
  defaultAutoscaler,
  defaultCronJob,
  defaultDaemonSet,
  defaultDeployment,
  defaultJob,
  defaultReplicaSet,
  defaultStatefulSet,
} from "./workloads.ts";

const byPlural: Record<string, (object: KubeObject) => void> = {
  clusterrolebindings: defaultBinding,
  cronjobs: defaultCronJob,
  daemonsets: defaultDaemonSet,
  deployments: defaultDeployment,
  endpointslices: defaultEndpointSlice,
  events: defaultEvent,
  horizontalpodautoscalers: defaultAutoscaler,
  jobs: defaultJob,
  limitranges: defaultLimitRange,
  namespaces: defaultNamespace,
  networkpolicies: defaultNetworkPolicy,
  persistentvolumeclaims: defaultClaim,
  persistentvolumes: defaultVolume,
  pods: defaultPod,
  replicasets: defaultReplicaSet,
  resourcequotas: defaultQuota,
  rolebindings: defaultBinding,
  secrets: defaultSecret,
  services: defaultService,
  statefulsets: defaultStatefulSet,
  storageclasses: defaultStorageClass,
  validatingadmissionpolicies: defaultAdmissionPolicy,
};

/**
 * Fills an object in as the API server does on every write: nulls and empty maps go, quantities get their
 * one spelling, absent fields their defaults. Changes the object.
 */
export function applyDefaults(plural: string, object: KubeObject): void {
  for (const part of [object.metadata, object["spec"]]) dropNulls(part);
  tidyMetadata(object);
  byPlural[plural]?.(object);
}

const initialStatus: Record<string, object> = {
  daemonsets: { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 },
  horizontalpodautoscalers: { currentMetrics: null, desiredReplicas: 0 },
  ingresses: { loadBalancer: {} },
  namespaces: { phase: "Active" },
  persistentvolumeclaims: { phase: "Pending" },
  persistentvolumes: { phase: "Pending" },
  poddisruptionbudgets: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  replicasets: { replicas: 0 },
  services: { loadBalancer: {} },
  statefulsets: { availableReplicas: 0, replicas: 0 },
};

/**
 * A new object as the API server would store it: defaults, what admission adds to pods, the first status.
 * Controllers that write to the store directly use it for the pods and workloads they create.
 */
export function prepareNew(plural: string, object: KubeObject, hasStatus: boolean): void {
  applyDefaults(plural, object);
  if (plural === "daemonsets") {
    object.metadata.annotations = {
      ...object.metadata.annotations,
      "deprecated.daemonset.template.generation": "1",
    };
  }
  if (plural === "pods") {
    admitPod(object);
    object["status"] = { phase: "Pending", qosClass: qosClass(object) };
  } else if (hasStatus && plural !== "nodes") {
    object["status"] = structuredClone(initialStatus[plural] ?? {});
  } else if (!isRecord(object["status"])) {
    delete object["status"];
  }
}
