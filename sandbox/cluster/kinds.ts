export type Subresource = "status" | "scale" | "log" | "eviction" | "exec";

/** One served resource. Adding a kind is adding a row. */
export interface Kind {
  group: string;
  version: string;
  kind: string;
  plural: string;
  singular: string;
  short: string[];
  namespaced: boolean;
  subresources?: Subresource[];
  categories?: string[];
  /** metadata.generation counts the changes of spec ("spec+annotations": of the annotations too, as Deployments do). */
  generation?: "spec" | "spec+annotations";
}

function row(
  gvk: string,
  plural: string,
  short: string,
  rest: Partial<Pick<Kind, "namespaced" | "subresources" | "categories" | "generation">> = {},
): Kind {
  const parts = gvk.split("/");
  const [kind = "", version = "", group = ""] = parts.reverse();
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    short: short ? short.split(",") : [],
    namespaced: true,
    ...rest,
  };
}

const all = { categories: ["all"] };
const scaled = {
  ...all,
  generation: "spec",
  subresources: ["status", "scale"],
} satisfies Partial<Kind>;
const clusterWide = { namespaced: false };
const withStatus = { subresources: ["status"] } satisfies Partial<Kind>;

/** Every resource the practice cluster serves, grouped as discovery lists them. */
export const kinds: readonly Kind[] = [
  row("v1/ConfigMap", "configmaps", "cm"),
  row("v1/Endpoints", "endpoints", "ep"),
  row("v1/Event", "events", "ev"),
  row("v1/LimitRange", "limitranges", "limits"),
  row("v1/Namespace", "namespaces", "ns", { ...clusterWide, ...withStatus }),
  row("v1/Node", "nodes", "no", { ...clusterWide, ...withStatus }),
  row("v1/Pod", "pods", "po", { ...all, subresources: ["eviction", "exec", "log", "status"] }),
  row("v1/PersistentVolume", "persistentvolumes", "pv", { ...clusterWide, ...withStatus }),
  row("v1/PersistentVolumeClaim", "persistentvolumeclaims", "pvc", withStatus),
  row("v1/ResourceQuota", "resourcequotas", "quota", withStatus),
  row("v1/Secret", "secrets", ""),
  row("v1/ServiceAccount", "serviceaccounts", "sa"),
  row("v1/Service", "services", "svc", { ...all, ...withStatus }),
  row("apiregistration.k8s.io/v1/APIService", "apiservices", "", {
    ...clusterWide,
    ...withStatus,
    categories: ["api-extensions"],
  }),
  row("admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy", "validatingadmissionpolicies", "", {
    ...clusterWide,
    ...withStatus,
    generation: "spec",
  }),
  row(
    "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    "",
    { ...clusterWide, generation: "spec" },
  ),
  row("apps/v1/ControllerRevision", "controllerrevisions", ""),
  row("apps/v1/DaemonSet", "daemonsets", "ds", { ...all, ...withStatus, generation: "spec" }),
  row("apps/v1/Deployment", "deployments", "deploy", { ...scaled, generation: "spec+annotations" }),
  row("apps/v1/ReplicaSet", "replicasets", "rs", scaled),
  row("apps/v1/StatefulSet", "statefulsets", "sts", scaled),
  row("autoscaling/v2/HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", { ...all, ...withStatus }),
  row("batch/v1/CronJob", "cronjobs", "cj", { ...all, ...withStatus, generation: "spec" }),
  row("batch/v1/Job", "jobs", "", { ...all, ...withStatus, generation: "spec" }),
  row("coordination.k8s.io/v1/Lease", "leases", ""),
  row("discovery.k8s.io/v1/EndpointSlice", "endpointslices", "", { generation: "spec" }),
  row("events.k8s.io/v1/Event", "events", "ev"),
  row("autoscaling.k8s.io/v1/VerticalPodAutoscaler", "verticalpodautoscalers", "vpa", {
    ...withStatus,
    generation: "spec",
  }),
  row("keda.sh/v1alpha1/ScaledObject", "scaledobjects", "so", { ...withStatus, generation: "spec" }),
  row("networking.k8s.io/v1/Ingress", "ingresses", "ing", { ...withStatus, generation: "spec" }),
  row("networking.k8s.io/v1/IngressClass", "ingressclasses", "", { ...clusterWide, generation: "spec" }),
  row("networking.k8s.io/v1/NetworkPolicy", "networkpolicies", "netpol", { generation: "spec" }),
  row("policy/v1/PodDisruptionBudget", "poddisruptionbudgets", "pdb", { ...withStatus, generation: "spec" }),
  row("rbac.authorization.k8s.io/v1/ClusterRole", "clusterroles", "", clusterWide),
  row("rbac.authorization.k8s.io/v1/ClusterRoleBinding", "clusterrolebindings", "", clusterWide),
  row("rbac.authorization.k8s.io/v1/Role", "roles", ""),
  row("rbac.authorization.k8s.io/v1/RoleBinding", "rolebindings", ""),
  row("storage.k8s.io/v1/StorageClass", "storageclasses", "sc", clusterWide),
];

/** What is measured and not stored: get and list are its only verbs. */
export const metricsKinds: readonly Kind[] = [
  row("metrics.k8s.io/v1beta1/NodeMetrics", "nodes", "", clusterWide),
  row("metrics.k8s.io/v1beta1/PodMetrics", "pods", ""),
];

/** Questions that are answered and not stored: create is their only verb. */
export const reviewKinds: readonly Kind[] = [
  row("authentication.k8s.io/v1/SelfSubjectReview", "selfsubjectreviews", "", clusterWide),
  row("authentication.k8s.io/v1/TokenReview", "tokenreviews", "", clusterWide),
  row("authorization.k8s.io/v1/LocalSubjectAccessReview", "localsubjectaccessreviews", ""),
  row("authorization.k8s.io/v1/SelfSubjectAccessReview", "selfsubjectaccessreviews", "", clusterWide),
  row("authorization.k8s.io/v1/SelfSubjectRulesReview", "selfsubjectrulesreviews", "", clusterWide),
  row("authorization.k8s.io/v1/SubjectAccessReview", "subjectaccessreviews", "", clusterWide),
];

/** The kind under which objects are stored: plurals are unique but for events, stored as core v1. */
export function storedKind(plural: string): Kind | undefined {
  return kinds.find((kind) => kind.plural === plural);
}

/** "apps/v1", or "v1" for the core group. */
export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
