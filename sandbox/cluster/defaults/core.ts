import type { KubeObject } from "../object.ts";
import { below, child, dropEmpty, fill, items } from "../fields.ts";
import { canonicalQuantities } from "./quantity.ts";

export function defaultService(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { sessionAffinity: "None", type: "ClusterIP" });
  for (const port of items(spec, "ports")) fill(port, { protocol: "TCP", targetPort: port["port"] });
  if (spec["type"] === "ExternalName") return;
  fill(spec, { internalTrafficPolicy: "Cluster", ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" });
  if (spec["type"] === "ClusterIP") return;
  fill(spec, { externalTrafficPolicy: "Cluster" });
  if (spec["type"] === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
}

/** stringData is written only: it lands in data, encoded. */
export function defaultSecret(object: KubeObject): void {
  object["type"] ||= "Opaque";
  const text = child(object, "stringData");
  delete object["stringData"];
  if (!text) return;
  const data = below(object, "data");
  for (const [key, value] of Object.entries(text)) data[key] = Buffer.from(String(value)).toString("base64");
}

export function defaultNamespace(object: KubeObject): void {
  fill(below(object, "spec"), { finalizers: ["kubernetes"] });
  object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
}

export function defaultQuota(object: KubeObject): void {
  canonicalQuantities(child(child(object, "spec"), "hard"));
}

/** A container's limit defaults to the most it may have, and its request to that limit, else to the least. */
export function defaultLimitRange(object: KubeObject): void {
  for (const limit of items(child(object, "spec"), "limits")) {
    for (const field of ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"])
      canonicalQuantities(child(limit, field));
    if (limit["type"] !== "Container") continue;
    const [most, least] = [child(limit, "max"), child(limit, "min")];
    if (most) fill(below(limit, "default"), most);
    const limits = child(limit, "default");
    if (limits) fill(below(limit, "defaultRequest"), limits);
    if (least) fill(below(limit, "defaultRequest"), least);
  }
}

export function defaultNetworkPolicy(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { policyTypes: ["Ingress", ...(spec["egress"] === undefined ? [] : ["Egress"])] });
}

export function defaultEvent(object: KubeObject): void {
  for (const field of ["firstTimestamp", "lastTimestamp", "eventTime"]) object[field] ??= null;
  fill(object, { source: {}, reportingComponent: "", reportingInstance: "" });
}

export function defaultEndpointSlice(object: KubeObject): void {
  for (const endpoint of items(object, "endpoints")) fill(endpoint, { conditions: {} });
  for (const port of items(object, "ports")) fill(port, { name: "", protocol: "TCP" });
}

const rbacGroup = "rbac.authorization.k8s.io";

export function defaultBinding(object: KubeObject): void {
  fill(below(object, "roleRef"), { apiGroup: rbacGroup });
  for (const subject of items(object, "subjects")) {
    if (subject["kind"] !== "ServiceAccount") fill(subject, { apiGroup: rbacGroup });
  }
}

/** Empty maps and lists that metadata leaves out. */
export function tidyMetadata(object: KubeObject): void {
  dropEmpty(object.metadata, "generateName", "labels", "annotations", "ownerReferences", "finalizers");
}
