import { below, child, fill, items } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import { canonicalQuantities } from "./quantity.ts";

export function defaultClaim(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { volumeMode: "Filesystem" });
  canonicalQuantities(child(child(spec, "resources"), "requests"));
}

export function defaultVolume(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" });
  canonicalQuantities(child(spec, "capacity"));
  const path = child(spec, "hostPath");
  if (path) fill(path, { type: "" });
}

export function defaultStorageClass(object: KubeObject): void {
  fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
}

export function defaultAdmissionPolicy(object: KubeObject): void {
  const spec = below(object, "spec");
  fill(spec, { failurePolicy: "Fail" });
  const match = child(spec, "matchConstraints");
  if (!match) return;
  fill(match, { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} });
  for (const rule of items(match, "resourceRules")) fill(rule, { scope: "*" });
}
