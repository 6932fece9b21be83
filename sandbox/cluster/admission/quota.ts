import { qosClass } from "../defaults/pods.ts";
import { child, items } from "../fields.ts";
import { apiVersionOf, kinds } from "../kinds.ts";
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";
import { amountOf, amountText, podAmount } from "./amounts.ts";

/** Kinds that a quota may count by their bare plural; the others are counted as `count/<plural>.<group>`. */
const countedByName = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "pods",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);

/** Resources of which every container must say how much it wants when a quota limits them. */
const mustBeSaid = new Set([
  "cpu",
  "memory",
  "requests.cpu",
  "requests.memory",
  "limits.cpu",
  "limits.memory",
]);

/** Throws StatusError 403 when a quota of the namespace has no room for a new object. */
export function checkQuotas(store: Store, kind: Kind, object: KubeObject): void {
  for (const quota of store.list("resourcequotas", object.metadata.namespace)) {
    if (!inScopes(quota, kind.plural, object)) continue;
    const hard = hardOf(quota);
    const { name } = quota.metadata;
    const unsaid = kind.plural === "pods" ? unsaidBy(object, hard) : [];
    if (unsaid.length > 0) {
      throw forbidden(kind, object.metadata.name, `failed quota: ${name}: must specify ${unsaid.join("; ")}`);
    }
    const used = usageOf(store, quota);
    const exceeded = Object.keys(hard)
      .filter((resource) => {
        const wanted = demand(kind, object, resource);
        return wanted > 0 && (used[resource] ?? 0) + wanted > amountOf(hard[resource]);
      })
      .sort();
    if (exceeded.length === 0) continue;
    const said = (amount: (resource: string) => string) =>
      exceeded.map((resource) => `${resource}=${amount(resource)}`).join(",");
    const requested = said((resource) => amountText(resource, demand(kind, object, resource)));
    const taken = said((resource) => amountText(resource, used[resource] ?? 0));
    const limited = said((resource) => String(hard[resource]));
    throw forbidden(
      kind,
      object.metadata.name,
      `exceeded quota: ${name}, requested: ${requested}, used: ${taken}, limited: ${limited}`,
    );
  }
}

/** How much of each resource the quota names is in use. */
export function usageOf(store: Store, quota: KubeObject): Record<string, number> {
  const resources = Object.keys(hardOf(quota));
  const used: Record<string, number> = Object.fromEntries(resources.map((resource) => [resource, 0]));
  for (const kind of kinds.filter(({ group }) => group !== "events.k8s.io")) {
    if (!resources.some((resource) => concerns(resource, kind))) continue;
    for (const object of store.list(kind.plural, quota.metadata.namespace)) {
      if (object.apiVersion !== apiVersionOf(kind) || !inScopes(quota, kind.plural, object)) continue;
      for (const resource of resources) used[resource]! += demand(kind, object, resource);
    }
  }
  return used;
}

export function hardOf(quota: KubeObject): Record<string, unknown> {
  return child(child(quota, "spec"), "hard") ?? {};
}

/** Whether objects of a kind may use up a resource. */
function concerns(resource: string, kind: Kind): boolean {
  if (resource.startsWith("count/")) return resource === countName(kind);
  if (countedByName.has(resource)) return resource === kind.plural;
  if (resource.startsWith("services.")) return kind.plural === "services";
  if (resource === "requests.storage") return kind.plural === "persistentvolumeclaims";
  return kind.plural === "pods";
}

function countName({ plural, group }: Kind): string {
  return group === "" ? `count/${plural}` : `count/${plural}.${group}`;
}

/** How much of a resource one object takes. A pod that is over only counts as an object. */
function demand(kind: Kind, object: KubeObject, resource: string): number {
  if (!concerns(resource, kind)) return 0;
  if (resource.startsWith("count/")) return 1;
  if (kind.plural === "services") return serviceDemand(object, resource);
  if (resource === "requests.storage") {
    const wanted = child(child(child(object, "spec"), "resources"), "requests");
    return amountOf(wanted?.["storage"]);
  }
  if (kind.plural !== "pods") return 1;
  if (["Succeeded", "Failed"].includes(String(child(object, "status")?.["phase"]))) return 0;
  if (resource === "pods") return 1;
  const [part, name] = resource.startsWith("limits.")
    ? (["limits", resource.slice("limits.".length)] as const)
    : (["requests", resource.replace(/^requests\./, "")] as const);
  return podAmount(object, part, name);
}

function serviceDemand(service: KubeObject, resource: string): number {
  const type = child(service, "spec")?.["type"];
  if (resource === "services.loadbalancers") return type === "LoadBalancer" ? 1 : 0;
  if (resource === "services.nodeports") {
    const ports = items(child(service, "spec"), "ports").length;
    return type === "NodePort" || type === "LoadBalancer" ? ports : 0;
  }
  return 1;
}

function unsaidBy(pod: KubeObject, hard: Record<string, unknown>): string[] {
  return Object.keys(hard)
    .filter((resource) => mustBeSaid.has(resource))
    .sort()
    .flatMap((resource) => {
      const part = resource.startsWith("limits.") ? "limits" : "requests";
      const name = resource.replace(/^(limits|requests)\./, "");
      const silent = items(child(pod, "spec"), "containers").filter(
        (container) => child(child(container, "resources"), part)?.[name] === undefined,
      );
      return silent.length > 0
        ? [`${resource} for: ${silent.map((one) => String(one["name"])).join(",")}`]
        : [];
    });
}

const scopes: Record<string, (pod: KubeObject) => boolean> = {
  BestEffort: (pod) => qosClass(pod) === "BestEffort",
  NotBestEffort: (pod) => qosClass(pod) !== "BestEffort",
  Terminating: (pod) => child(pod, "spec")?.["activeDeadlineSeconds"] !== undefined,
  NotTerminating: (pod) => child(pod, "spec")?.["activeDeadlineSeconds"] === undefined,
};

/** A quota with scopes is about pods only, and about those that are in all of them. */
function inScopes(quota: KubeObject, plural: string, object: KubeObject): boolean {
  const wanted = child(quota, "spec")?.["scopes"];
  if (!Array.isArray(wanted) || wanted.length === 0) return true;
  return plural === "pods" && wanted.every((scope) => scopes[String(scope)]?.(object) ?? true);
}
