import type { KubeObject } from "../object.ts";

const bootstrapped = {
  annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
};

const rules = {
  "cluster-admin": [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ],
  "system:basic-user": [
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
      verbs: ["create"],
    },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ],
  "system:discovery": [
    {
      nonResourceURLs: [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
      ],
      verbs: ["get"],
    },
  ],
  "system:public-info-viewer": [
    { nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"], verbs: ["get"] },
  ],
} as const;

const boundTo = {
  "cluster-admin": ["system:masters"],
  "system:basic-user": ["system:authenticated"],
  "system:discovery": ["system:authenticated"],
  "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
} satisfies Record<keyof typeof rules, string[]>;

/** The roles every cluster has: what anybody may ask about himself and about the API. */
export function bootstrapRoles(): { plural: string; object: KubeObject }[] {
  return Object.entries(rules).flatMap(([name, granted]) => [
    { plural: "clusterroles", object: clusterRole(name, granted, bootstrapped) },
    {
      plural: "clusterrolebindings",
      object: clusterRoleBinding(name, boundTo[name as keyof typeof boundTo].map(group), bootstrapped),
    },
  ]);
}

export interface Subject {
  kind: "User" | "Group" | "ServiceAccount";
  name: string;
  namespace?: string;
}

export function group(name: string): Subject {
  return { kind: "Group", name };
}

export function clusterRole(name: string, granted: readonly object[], metadata: object = {}): KubeObject {
  return {
    apiVersion: version,
    kind: "ClusterRole",
    metadata: { name, ...metadata },
    rules: structuredClone(granted),
  };
}

export function clusterRoleBinding(name: string, subjects: Subject[], metadata: object = {}): KubeObject {
  return {
    apiVersion: version,
    kind: "ClusterRoleBinding",
    metadata: { name, ...metadata },
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
