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
};

/** Reviews have no namespace. Everywhere else a missing one would ask for the whole cluster. */
const clusterWide = new Set(["authentication.k8s.io", "authorization.k8s.io"]);

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
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

export function isName(value: string): boolean {
  return namePattern.test(value);
}

/** `/apis/apps/v1/namespaces/shop/deployments/api/scale?dryRun=All` */
export function resourcePath(call: Call, query: Readonly<Record<string, string>> = {}): string {
  const version = versions[call.group];
  if (version === undefined) throw new Error(`No version is known for the API group "${call.group}"`);
  const path = [
    call.group === "" ? `/api/${version}` : `/apis/${call.group}/${version}`,
    ...(clusterWide.has(call.group)
      ? []
      : ["namespaces", checked(namespacePattern, "namespace", call.namespace)]),
    call.resource,
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
