/** What others need comes first; kinds that are not named come between the second-last and the last. */
const kinds = [
  "Namespace",
  "CustomResourceDefinition",
  "PriorityClass",
  "StorageClass",
  "ResourceQuota",
  "LimitRange",
  "ServiceAccount",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "NetworkPolicy",
  "Secret",
  "ConfigMap",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Service",
  "PodDisruptionBudget",
  "DaemonSet",
  "StatefulSet",
  "Deployment",
  "HorizontalPodAutoscaler",
  "Job",
  "CronJob",
];
const last = ["IngressClass", "Ingress"];

function rank(kind: string): number {
  const known = kinds.indexOf(kind);
  if (known !== -1) return known;
  const late = last.indexOf(kind);
  return late === -1 ? kinds.length : kinds.length + 1 + late;
}

/** In the order in which they are applied; within a kind as the files have them. */
export function inOrder<One extends { kind: string }>(all: readonly One[]): One[] {
  return all.toSorted((a, b) => rank(a.kind) - rank(b.kind));
}
