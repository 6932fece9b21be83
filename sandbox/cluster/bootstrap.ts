import { kinds } from "./kinds.ts";
import type { PolicyRule } from "./rbac.ts";
import type { KubeObject, Store, Writer } from "./store.ts";

const reads = ["get", "list", "watch"];
const writes = ["create", "delete", "deletecollection", "patch", "update"];
const apps = [
  "daemonsets",
  "deployments",
  "deployments/scale",
  "replicasets",
  "replicasets/scale",
  "statefulsets",
  "statefulsets/scale",
];
const core = [
  "configmaps",
  "endpoints",
  "events",
  "limitranges",
  "namespaces",
  "persistentvolumeclaims",
  "pods",
  "pods/log",
  "resourcequotas",
  "serviceaccounts",
  "services",
];
const appGroups = ["autoscaling", "batch", "discovery.k8s.io", "networking.k8s.io", "policy"];
const discoveryPaths = [
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
];

function rule(verbs: string[], apiGroup: string, resources: string[]): PolicyRule {
  return { verbs, apiGroups: [apiGroup], resources };
}

function resourcesOf(group: string): string[] {
  return kinds.filter((kind) => kind.group === group && kind.namespaced).map((kind) => kind.plural);
}

const view = [
  rule(reads, "", core),
  rule(reads, "apps", [...apps, "controllerrevisions"]),
  ...appGroups.map((group) => rule(reads, group, resourcesOf(group))),
];
const edit = [
  ...view,
  rule([...reads, ...writes], "", [
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "pods",
    "pods/eviction",
    "pods/exec",
    "secrets",
    "serviceaccounts",
    "services",
  ]),
  rule(writes, "apps", apps),
  ...appGroups.map((group) => rule(writes, group, resourcesOf(group))),
];
const admin = [
  ...edit,
  rule([...reads, ...writes], "rbac.authorization.k8s.io", ["rolebindings", "roles"]),
  rule(["create"], "authorization.k8s.io", ["localsubjectaccessreviews"]),
];

/** The roles every cluster has; `system:` ones let anyone authenticated ask what is served and what they may. */
const clusterRoles: Record<string, PolicyRule[]> = {
  admin,
  "cluster-admin": [rule(["*"], "*", ["*"]), { verbs: ["*"], nonResourceURLs: ["*"] }],
  edit,
  "system:basic-user": [
    rule(["create"], "authorization.k8s.io", ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
    rule(["create"], "authentication.k8s.io", ["selfsubjectreviews"]),
  ],
  "system:discovery": [{ verbs: ["get"], nonResourceURLs: discoveryPaths }],
  "system:public-info-viewer": [
    { verbs: ["get"], nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"] },
  ],
  view,
};

const clusterRoleBindings: Record<string, string[]> = {
  "cluster-admin": ["system:masters"],
  "system:basic-user": ["system:authenticated"],
  "system:discovery": ["system:authenticated"],
  "system:public-info-viewer": ["system:authenticated", "system:unauthenticated"],
};

const namespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];
const rbac = { apiGroup: "rbac.authorization.k8s.io" };

/** Puts into a new store what a cluster has before anyone uses it; leaves alone what is there. */
export function bootstrap(store: Store, by: Writer): void {
  for (const name of namespaces) {
    const labels = { "kubernetes.io/metadata.name": name };
    ensure("namespaces", {
      ...object("v1", "Namespace", name),
      metadata: { name, labels },
      spec: { finalizers: ["kubernetes"] },
      status: { phase: "Active" },
    });
  }
  const version = "rbac.authorization.k8s.io/v1";
  for (const [name, rules] of Object.entries(clusterRoles)) {
    ensure("clusterroles", { ...object(version, "ClusterRole", name), rules });
  }
  for (const [name, groups] of Object.entries(clusterRoleBindings)) {
    const subjects = groups.map((group) => ({ ...rbac, kind: "Group", name: group }));
    const roleRef = { ...rbac, kind: "ClusterRole", name };
    ensure("clusterrolebindings", { ...object(version, "ClusterRoleBinding", name), subjects, roleRef });
  }

  function ensure(plural: string, made: KubeObject): void {
    if (!store.get(plural, undefined, made.metadata.name)) store.create(plural, made, by);
  }
}

function object(apiVersion: string, kind: string, name: string): KubeObject {
  const labels = kind === "Namespace" ? {} : { labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } };
  return { apiVersion, kind, metadata: { name, ...labels } };
}
