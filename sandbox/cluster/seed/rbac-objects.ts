import type { KubeObject } from "../object.ts";

export interface Subject {
  kind: "User" | "Group" | "ServiceAccount";
  name: string;
  namespace?: string;
}

export function group(name: string): Subject {
  return { kind: "Group", name };
}

export function clusterRole(name: string, granted: readonly object[]): KubeObject {
  return {
    apiVersion: version,
    kind: "ClusterRole",
    metadata: { name },
    rules: structuredClone(granted),
  };
}

export function clusterRoleBinding(name: string, subjects: Subject[]): KubeObject {
  return {
    apiVersion: version,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: to(name),
    subjects,
  };
}

/** Binds the ClusterRole of the same name within one namespace. */
export function roleBinding(name: string, namespace: string, subjects: Subject[]): KubeObject {
  return {
    apiVersion: version,
    kind: "RoleBinding",
    metadata: { name, namespace },
    roleRef: to(name),
    subjects,
  };
}

const version = "rbac.authorization.k8s.io/v1";

function to(name: string): object {
  return { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name };
}
