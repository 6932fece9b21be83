import { below, child, dropEmpty, fill, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { canonicalQuantities } from "./quantity.ts";

/** Fills in a pod spec as the API server's defaulting does, for pods and for templates alike. */
export function defaultPodSpec(spec: Fields): void {
  dropEmpty(
    spec,
    "volumes",
    "tolerations",
    "imagePullSecrets",
    "nodeSelector",
    "hostAliases",
    "initContainers",
  );
  fill(spec, {
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  // serviceAccount is the deprecated alias of serviceAccountName: both are always written.
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  if (account) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  for (const container of [...items(spec, "containers"), ...items(spec, "initContainers")]) {
    defaultContainer(container, spec["hostNetwork"] === true);
  }
  for (const volume of items(spec, "volumes")) defaultVolume(volume);
}

/** The template of a workload: its pod spec, and the empty metadata the API server writes. */
export function defaultTemplate(template: Fields): void {
  const metadata = below(template, "metadata");
  dropEmpty(metadata, "labels", "annotations");
  // Kubernetes up to 1.33 writes this field of templates, always as null.
  metadata["creationTimestamp"] = null;
  defaultPodSpec(below(template, "spec"));
}

function defaultContainer(container: Fields, hostNetwork: boolean): void {
  dropEmpty(container, "env", "envFrom", "ports", "volumeMounts", "args", "command");
  fill(container, {
    imagePullPolicy: pullPolicy(textOr(container["image"], "")),
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  const resources = child(container, "resources");
  if (resources) dropEmpty(resources, "limits", "requests");
  canonicalQuantities(child(resources, "limits"));
  canonicalQuantities(child(resources, "requests"));
  for (const port of items(container, "ports")) {
    fill(port, { protocol: "TCP", ...(hostNetwork && { hostPort: port["containerPort"] }) });
  }
  for (const variable of items(container, "env")) {
    dropEmpty(variable, "value");
    const field = child(child(variable, "valueFrom"), "fieldRef");
    if (field) fill(field, { apiVersion: "v1" });
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"])
    defaultProbe(child(container, name));
  const lifecycle = child(container, "lifecycle");
  for (const hook of ["postStart", "preStop"]) defaultHttpGet(child(child(lifecycle, hook), "httpGet"));
}

function defaultProbe(probe: Fields | undefined): void {
  if (!probe) return;
  if (probe["initialDelaySeconds"] === 0) delete probe["initialDelaySeconds"];
  fill(probe, { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 });
  defaultHttpGet(child(probe, "httpGet"));
  const grpc = child(probe, "grpc");
  if (grpc) fill(grpc, { service: "" });
}

function defaultHttpGet(request: Fields | undefined): void {
  if (request) fill(request, { path: "/", scheme: "HTTP" });
}

function defaultVolume(volume: Fields): void {
  const source = Object.keys(volume).find((field) => field !== "name");
  if (!source) volume["emptyDir"] = {};
  for (const kind of ["secret", "configMap", "downwardAPI", "projected"]) {
    const mode = child(volume, kind);
    if (mode) fill(mode, { defaultMode: 0o644 });
  }
  const path = child(volume, "hostPath");
  if (path) fill(path, { type: "" });
  for (const projection of items(child(volume, "projected"), "sources")) {
    const token = child(projection, "serviceAccountToken");
    if (token) fill(token, { expirationSeconds: 3600 });
  }
}

/** Latest or untagged images are always pulled; pinned ones once. */
function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  if (name.includes("@")) return "IfNotPresent";
  const tag = name.split(":")[1] ?? "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}
