import { UserError } from "../../domain/errors.ts";
import type { ResourceCall } from "../../domain/plan.ts";

/** A call as rights are asked for; the cluster is known. */
export type Call = Omit<ResourceCall, "cluster">;

/** The served version of each group that crai speaks. */
const versions: Readonly<Record<string, string>> = {
  "": "v1",
  apps: "v1",
  autoscaling: "v2",
  "authentication.k8s.io": "v1",
  "authorization.k8s.io": "v1",
  batch: "v1",
  "discovery.k8s.io": "v1",
  "metrics.k8s.io": "v1beta1",
  "networking.k8s.io": "v1",
  policy: "v1",
  "rbac.authorization.k8s.io": "v1",
  "storage.k8s.io": "v1",
};

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const resourcePattern = /^[a-z][a-z0-9]{0,62}$/;
const namePattern = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Nothing but a DNS-1123 name enters a path: `..`, `?` and `/` would make it another call. */
function checked(pattern: RegExp, what: string, value: string): string {
  if (!pattern.test(value))
    throw new UserError(`${JSON.stringify(value)} is no Kubernetes ${what}`, {
      why: "It must be lower-case letters, digits and hyphens.",
      next: "Correct the name in crai.yaml or in the command.",
    });
  return encodeURIComponent(value);
}

/** `/apis/apps/v1`; what the API server serves below it is its discovery document. */
export function groupPath(group: string, version: string): string {
  const served = checked(resourcePattern, "API version", version);
  return group === "" ? `/api/${served}` : `/apis/${checked(namePattern, "API group", group)}/${served}`;
}

export function isName(value: string): boolean {
  return namePattern.test(value);
}

/** `/apis/apps/v1/namespaces/shop/deployments/api/scale?dryRun=All` */
export function resourcePath(call: Call, query: Readonly<Record<string, string>> = {}): string {
  const version = call.version ?? versions[call.group];
  if (version === undefined) throw new Error(`No version is known for the API group "${call.group}"`);
  const path = [
    groupPath(call.group, version),
    ...(call.namespace === null
      ? []
      : ["namespaces", checked(namespacePattern, "namespace", call.namespace)]),
    checked(resourcePattern, "resource", call.resource),
    ...(call.name === undefined ? [] : [checked(namePattern, "name", call.name)]),
    ...(call.subresource === undefined ? [] : [call.subresource]),
  ].join("/");
  const search = new URLSearchParams(query).toString();
  return search === "" ? path : `${path}?${search}`;
}

/** `deployments.apps/scale` */
export function resourceName(call: Call): string {
  const resource = call.subresource === undefined ? call.resource : `${call.resource}/${call.subresource}`;
  return call.group === "" ? resource : `${resource}.${call.group}`;
}
