import { randomInt } from "node:crypto";
import type { KubeObject } from "../object.ts";
import { below, child, fill, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { defaultPodSpec } from "./pod-spec.ts";

const untilGone = { effect: "NoExecute", operator: "Exists", tolerationSeconds: 300 };
const nodeTaints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Defaults of a pod itself, beyond those of its spec. */
export function defaultPod(pod: KubeObject): void {
  const spec = below(pod, "spec");
  defaultPodSpec(spec);
  fill(spec, { enableServiceLinks: true });
  for (const container of [...items(spec, "containers"), ...items(spec, "initContainers")]) {
    const limits = child(child(container, "resources"), "limits");
    if (limits) fill(below(below(container, "resources"), "requests"), limits);
  }
}

/**
 * What the API server's admission plugins add to a new pod: its service account and that account's token
 * volume, tolerations of a node that is briefly gone, priority. A pod whose spec is complete is left alone.
 */
export function admitPod(pod: KubeObject): void {
  const spec = below(pod, "spec");
  const account = textOr(spec["serviceAccountName"], "default");
  fill(spec, { serviceAccountName: account, serviceAccount: account });
  fill(spec, { priority: 0, preemptionPolicy: "PreemptLowerPriority" });
  const tolerations = items(spec, "tolerations");
  const missing = nodeTaints.filter(
    (key) =>
      !tolerations.some((one) => (one["key"] === key || !one["key"]) && one["effect"] !== "NoSchedule"),
  );
  if (missing.length > 0)
    spec["tolerations"] = [...tolerations, ...missing.map((key) => ({ ...untilGone, key }))];
  if (spec["automountServiceAccountToken"] !== false) mountToken(spec);
}

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

function mountToken(spec: Fields): void {
  const containers = [...items(spec, "containers"), ...items(spec, "initContainers")];
  const without = containers.filter(
    (one) => !items(one, "volumeMounts").some((mount) => mount["mountPath"] === mountPath),
  );
  if (without.length === 0) return;
  const name = `kube-api-access-${randomSuffix()}`;
  spec["volumes"] = [
    ...items(spec, "volumes"),
    { name, projected: { defaultMode: 0o644, sources: tokenSources() } },
  ];
  for (const container of without) {
    const mounts = items(container, "volumeMounts");
    container["volumeMounts"] = [...mounts, { name, readOnly: true, mountPath }];
  }
}

function tokenSources(): Fields[] {
  const namespace = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  return [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [namespace] } },
  ];
}

/** Five letters and digits without vowels, as Kubernetes puts after a generateName. */
export function randomSuffix(): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  return Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** Guaranteed, Burstable or BestEffort, from the requests and limits of a pod's containers. */
export function qosClass(pod: KubeObject): string {
  const containers = items(child(pod, "spec"), "containers").map((one) => child(one, "resources"));
  const amounts = containers.map((one) => ({
    limits: child(one, "limits") ?? {},
    requests: child(one, "requests") ?? {},
  }));
  if (amounts.every(({ limits, requests }) => isEmpty(limits) && isEmpty(requests))) return "BestEffort";
  const guaranteed = amounts.every(({ limits, requests }) =>
    ["cpu", "memory"].every(
      (name) => limits[name] !== undefined && (requests[name] ?? limits[name]) === limits[name],
    ),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function isEmpty(value: Fields): boolean {
  return Object.keys(value).length === 0;
}
