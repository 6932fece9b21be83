import type { KubeObject } from "../object.ts";
import { createdColumn, nameColumn } from "./columns.ts";
import type { Cell, Column } from "./columns.ts";
import {
  bindingColumns,
  configMapColumns,
  endpointsColumns,
  endpointSliceColumns,
  namespaceColumns,
  nodeColumns,
  quotaColumns,
  roleColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
} from "./core.ts";
import {
  apiServiceColumns,
  autoscalerColumns,
  disruptionBudgetColumns,
  eventColumns,
  ingressColumns,
  leaseColumns,
  networkPolicyColumns,
} from "./others.ts";
import { podColumns } from "./pods.ts";
import {
  claimColumns,
  ingressClassColumns,
  policyBindingColumns,
  policyColumns,
  storageClassColumns,
  volumeColumns,
} from "./storage.ts";
import {
  controllerRevisionColumns,
  cronJobColumns,
  daemonSetColumns,
  deploymentColumns,
  jobColumns,
  replicaSetColumns,
  statefulSetColumns,
} from "./workloads.ts";

const byPlural: Record<string, Column[]> = {
  apiservices: apiServiceColumns,
  clusterrolebindings: bindingColumns,
  clusterroles: roleColumns,
  configmaps: configMapColumns,
  controllerrevisions: controllerRevisionColumns,
  cronjobs: cronJobColumns,
  daemonsets: daemonSetColumns,
  deployments: deploymentColumns,
  endpoints: endpointsColumns,
  endpointslices: endpointSliceColumns,
  events: eventColumns,
  horizontalpodautoscalers: autoscalerColumns,
  ingressclasses: ingressClassColumns,
  ingresses: ingressColumns,
  jobs: jobColumns,
  leases: leaseColumns,
  limitranges: roleColumns,
  namespaces: namespaceColumns,
  networkpolicies: networkPolicyColumns,
  nodes: nodeColumns,
  persistentvolumeclaims: claimColumns,
  persistentvolumes: volumeColumns,
  poddisruptionbudgets: disruptionBudgetColumns,
  pods: podColumns,
  replicasets: replicaSetColumns,
  resourcequotas: quotaColumns,
  rolebindings: bindingColumns,
  roles: roleColumns,
  secrets: secretColumns,
  serviceaccounts: serviceAccountColumns,
  services: serviceColumns,
  statefulsets: statefulSetColumns,
  storageclasses: storageClassColumns,
  validatingadmissionpolicies: policyColumns,
  validatingadmissionpolicybindings: policyBindingColumns,
};

/** How a Table is asked for. */
export interface TableRequest {
  plural: string;
  /** Version of meta.k8s.io. */
  version: string;
  /** What each row carries beside its cells. */
  include: "Metadata" | "Object" | "None";
  now: Date;
  /** Watches send the columns with their first row only. */
  headers: boolean;
}

/** The rows kubectl prints, computed here as the API server computes them. */
export function tableOf(objects: KubeObject[], request: TableRequest, metadata: object): object {
  const columns = byPlural[request.plural] ?? [nameColumn, createdColumn];
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${request.version}`,
    metadata,
    columnDefinitions: request.headers ? columns.map(definition) : [],
    rows: objects.map((object) => ({
      cells: columns.map((column): Cell => column.cell(object, request.now)),
      ...conditionsOf(request.plural, object),
      ...included(object, request),
    })),
  };
}

function definition({ name, type, wide }: Column): object {
  return { name, type, format: name === "Name" ? "name" : "", description: "", priority: wide ? 1 : 0 };
}

function included(object: KubeObject, { include, version }: TableRequest): object {
  if (include === "None") return { object: null };
  if (include === "Object") return { object };
  return { object: metadataOnly(object, version) };
}

/** A PartialObjectMetadata. */
export function metadataOnly(object: KubeObject, version: string): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** Pods that have ended say so beside their cells. */
function conditionsOf(plural: string, object: KubeObject): object {
  const phase = plural === "pods" ? (object["status"] as { phase?: string } | undefined)?.phase : undefined;
  if (phase !== "Succeeded" && phase !== "Failed") return {};
  const message = phase === "Succeeded" ? "The pod has completed successfully." : "The pod failed.";
  return { conditions: [{ type: "Completed", status: "True", reason: phase, message }] };
}
