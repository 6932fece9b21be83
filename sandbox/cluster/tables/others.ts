import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import {
  ageColumn,
  column,
  count,
  nameColumn,
  selectorText,
  since,
  some,
  specOf,
  statusOf,
  wide,
} from "./columns.ts";
import type { Column } from "./columns.ts";

export const eventColumns: Column[] = [
  column("Last Seen", (object, now) => {
    const series = child(object, "series")?.["lastObservedTime"];
    return since(series ?? object["lastTimestamp"] ?? firstSeen(object), now);
  }),
  column("Type", (object) => textOr(object["type"], "")),
  column("Reason", (object) => textOr(object["reason"], "")),
  column("Object", (object) => {
    const target = child(object, "involvedObject");
    const kind = textOr(target?.["kind"], "").toLowerCase();
    return target?.["name"] ? `${kind}/${textOr(target["name"], "")}` : kind;
  }),
  wide("Subobject", (object) => textOr(child(object, "involvedObject")?.["fieldPath"], "")),
  wide("Source", eventSource),
  column("Message", (object) => textOr(object["message"], "").trim()),
  wide("First Seen", (object, now) => since(firstSeen(object), now)),
  wide("Count", (object) => count(child(object, "series")?.["count"] ?? object["count"]) || 1),
  { ...nameColumn, wide: true },
];

function firstSeen(event: KubeObject): unknown {
  return event["firstTimestamp"] ?? event["eventTime"];
}

function eventSource(event: KubeObject): string {
  const source = child(event, "source");
  const component = textOr(source?.["component"], textOr(event["reportingComponent"], ""));
  const instance = textOr(source?.["host"], textOr(event["reportingInstance"], ""));
  return instance ? `${component}, ${instance}` : component;
}

export const apiServiceColumns: Column[] = [
  nameColumn,
  column("Service", (object) => {
    const service = child(specOf(object), "service");
    return service ? `${textOr(service["namespace"], "")}/${textOr(service["name"], "")}` : "Local";
  }),
  column("Available", (object) => {
    const available = items(statusOf(object), "conditions").find(({ type }) => type === "Available");
    const status = textOr(available?.["status"], "Unknown");
    return status === "True" ? status : `${status} (${textOr(available?.["reason"], "")})`;
  }),
  ageColumn,
];

export const autoscalerColumns: Column[] = [
  nameColumn,
  column("Reference", (object) => {
    const target = child(specOf(object), "scaleTargetRef");
    return `${textOr(target?.["kind"], "")}/${textOr(target?.["name"], "")}`;
  }),
  column("Targets", (object) => {
    const current = items(statusOf(object), "currentMetrics");
    const metrics = items(specOf(object), "metrics").map((metric, index) =>
      metricText(metric, current[index]),
    );
    return metrics.length === 0 ? "<none>" : some(metrics, 2, ", ");
  }),
  column("MinPods", (object) => textOr(specOf(object)["minReplicas"], "<unset>")),
  column("MaxPods", (object) => count(specOf(object)["maxReplicas"])),
  column("Replicas", (object) => count(statusOf(object)["currentReplicas"])),
  ageColumn,
];

const metricSources: Record<string, string> = {
  Resource: "resource",
  ContainerResource: "containerResource",
  Pods: "pods",
  Object: "object",
  External: "external",
};

function metricText(metric: Fields, status: Fields | undefined): string {
  const source = metricSources[String(metric["type"])] ?? "resource";
  const wanted = child(metric, source);
  const target = child(wanted, "target");
  const current = child(child(status, source), "current");
  const name = wanted?.["name"] ? `${textOr(wanted["name"], "")}: ` : "";
  if (target?.["averageUtilization"] !== undefined) {
    const now = current?.["averageUtilization"];
    const percent = now === undefined ? "<unknown>" : `${textOr(now, "")}%`;
    return `${name}${percent}/${textOr(target["averageUtilization"], "")}%`;
  }
  const field = target?.["averageValue"] === undefined ? "value" : "averageValue";
  const suffix = field === "averageValue" && source === "external" ? " (avg)" : "";
  return `${name}${textOr(current?.[field], "<unknown>")}/${textOr(target?.[field], "")}${suffix}`;
}

export const ingressColumns: Column[] = [
  nameColumn,
  column("Class", (object) => textOr(specOf(object)["ingressClassName"], "<none>")),
  column("Hosts", (object) => {
    const hosts = items(specOf(object), "rules").flatMap((rule) => textOr(rule["host"], "") || []);
    return hosts.length === 0 ? "*" : some(hosts, 3);
  }),
  column("Address", (object) =>
    items(child(statusOf(object), "loadBalancer"), "ingress")
      .map((one) => String(one["ip"] ?? one["hostname"]))
      .join(","),
  ),
  column("Ports", (object) => (items(specOf(object), "tls").length > 0 ? "80, 443" : "80")),
  ageColumn,
];

export const networkPolicyColumns: Column[] = [
  nameColumn,
  column("Pod-Selector", (object) => selectorText(child(specOf(object), "podSelector"))),
  ageColumn,
];

export const disruptionBudgetColumns: Column[] = [
  nameColumn,
  column("Min Available", (object) => textOr(specOf(object)["minAvailable"], "N/A")),
  column("Max Unavailable", (object) => textOr(specOf(object)["maxUnavailable"], "N/A")),
  column("Allowed Disruptions", (object) => count(statusOf(object)["disruptionsAllowed"]), "integer"),
  ageColumn,
];

export const leaseColumns: Column[] = [
  nameColumn,
  column("Holder", (object) => textOr(specOf(object)["holderIdentity"], "")),
  ageColumn,
];
