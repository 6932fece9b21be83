import { cluster, people } from "../../seed.ts";
import type { KubeObject } from "../object.ts";
import { clusterRole, clusterRoleBinding, group, roleBinding } from "./rbac-objects.ts";

const read = ["get", "list", "watch"];
const workloads = ["deployments", "statefulsets", "daemonsets"];
const scales = ["deployments/scale", "statefulsets/scale"];

/** Everything about the system but Secrets. */
const observe = [
  {
    apiGroups: [""],
    resources: ["pods", "pods/log", "events", "configmaps", "services", "endpoints", "serviceaccounts"],
    verbs: read,
  },
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: read },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: read },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: read },
  { apiGroups: ["keda.sh"], resources: ["scaledobjects"], verbs: read },
  { apiGroups: ["autoscaling.k8s.io"], resources: ["verticalpodautoscalers"], verbs: read },
  { apiGroups: ["metrics.k8s.io"], resources: ["pods"], verbs: ["get", "list"] },
  { apiGroups: ["apps"], resources: [...workloads, "replicasets", "controllerrevisions"], verbs: read },
  { apiGroups: ["apps"], resources: scales, verbs: ["get"] },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses", "networkpolicies"], verbs: read },
];

const operate = [
  ...observe,
  { apiGroups: ["apps"], resources: workloads, verbs: ["patch"] },
  { apiGroups: ["apps"], resources: scales, verbs: ["patch", "update"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["delete"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "patch", "delete"] },
  // What a deploy applies, and takes back when it made it.
  { apiGroups: [""], resources: ["configmaps", "services"], verbs: ["create", "patch", "delete"] },
  { apiGroups: ["apps"], resources: ["deployments"], verbs: ["create", "delete"] },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["create", "patch", "delete"] },
  // To isolate an app, and to keep its CronJobs from starting.
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["create", "delete"] },
  { apiGroups: ["batch"], resources: ["cronjobs"], verbs: ["patch"] },
];

const lead = [
  ...operate,
  { apiGroups: [""], resources: ["resourcequotas", "limitranges"], verbs: read },
  { apiGroups: ["apps"], resources: workloads, verbs: ["create", "update", "delete"] },
  {
    apiGroups: [""],
    resources: ["configmaps", "services", "serviceaccounts", "persistentvolumeclaims"],
    verbs: ["create", "update", "patch", "delete"],
  },
  {
    apiGroups: ["networking.k8s.io"],
    resources: ["ingresses", "networkpolicies"],
    verbs: ["create", "update", "patch", "delete"],
  },
  { apiGroups: [""], resources: ["secrets"], verbs: [...read, "create", "update", "patch", "delete"] },
  // Over a WebSocket, as kubectl and client-node enter containers, exec is a get.
  { apiGroups: [""], resources: ["pods/exec"], verbs: ["create", "get"] },
];

const look = [{ apiGroups: [""], resources: ["pods"], verbs: read }];
const clusterView = [
  { apiGroups: [""], resources: ["nodes", "namespaces", "persistentvolumes"], verbs: read },
  { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: read },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: read },
  { apiGroups: ["metrics.k8s.io"], resources: ["nodes"], verbs: ["get", "list"] },
];
const deployer = [{ apiGroups: [""], resources: ["namespaces"], verbs: ["get", "create", "patch"] }];
/** Who may cordon and drain a node must also see which pods are on it. */
const nodeOperator = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["patch"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
];

/** Which group has which role; each holds in the namespaces of the system and nowhere else. */
const teams = [
  { role: "sre", rules: operate, group: "sre" },
  { role: "sre-leads", rules: lead, group: "sre-leads" },
  { role: "support", rules: look, group: "support" },
  { role: "crai-observers", rules: observe, group: cluster.machines.observer.groups[0] },
];

export function teamRoles(namespaces: string[]): { plural: string; object: KubeObject }[] {
  return [
    ...teams.flatMap(({ role, rules, group: name }) => [
      { plural: "clusterroles", object: clusterRole(role, rules) },
      ...namespaces.map((namespace) => ({
        plural: "rolebindings",
        object: roleBinding(role, namespace, [group(name)]),
      })),
    ]),
    { plural: "clusterroles", object: clusterRole("cluster-view", clusterView) },
    {
      plural: "clusterrolebindings",
      object: clusterRoleBinding("cluster-view", [group("sre"), group("sre-leads"), group("crai:observers")]),
    },
    { plural: "clusterroles", object: clusterRole("deployer", deployer) },
    {
      plural: "clusterrolebindings",
      object: clusterRoleBinding("deployer", [group("sre"), group("sre-leads")]),
    },
    { plural: "clusterroles", object: clusterRole("node-operator", nodeOperator) },
    {
      plural: "clusterrolebindings",
      object: clusterRoleBinding("node-operator", [group("sre-leads")]),
    },
    ...craiRoles(),
  ];
}

/** crai itself may stand in for exactly the people and machines of the sandbox, and ask what they may do. */
function craiRoles(): { plural: string; object: KubeObject }[] {
  const identities = [
    ...Object.values(people).map(({ kubernetes }) => kubernetes),
    ...Object.values(cluster.machines),
  ];
  const users = identities.map(({ user }) => user);
  const groups = [...new Set(identities.flatMap(({ groups }) => groups))];
  const rules = [
    { apiGroups: [""], resources: ["users"], resourceNames: users, verbs: ["impersonate"] },
    { apiGroups: [""], resources: ["groups"], resourceNames: groups, verbs: ["impersonate"] },
    { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
    { apiGroups: ["authentication.k8s.io"], resources: ["selfsubjectreviews"], verbs: ["create"] },
  ];
  const crai = { kind: "ServiceAccount", name: "crai", namespace: "crai" } as const;
  return [
    { plural: "clusterroles", object: clusterRole("crai", rules) },
    { plural: "clusterrolebindings", object: clusterRoleBinding("crai", [crai]) },
  ];
}
