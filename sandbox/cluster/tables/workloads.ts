import { child, items, textOr } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import {
  ageColumn,
  column,
  containerColumns,
  count,
  duration,
  labelText,
  nameColumn,
  selectorText,
  since,
  specOf,
  statusOf,
  wide,
} from "./columns.ts";
import type { Column } from "./columns.ts";

const containers = containerColumns((object) => child(specOf(object), "template"));
const selector = wide("Selector", (object) => selectorText(child(specOf(object), "selector")));

function counted(name: string, field: string): Column {
  return column(name, (object) => count(statusOf(object)[field]), "integer");
}

function readyOfDesired(object: KubeObject): string {
  return `${count(statusOf(object)["readyReplicas"])}/${count(specOf(object)["replicas"])}`;
}

export const deploymentColumns: Column[] = [
  nameColumn,
  column("Ready", readyOfDesired),
  column("Up-to-date", (object) => count(statusOf(object)["updatedReplicas"])),
  column("Available", (object) => count(statusOf(object)["availableReplicas"])),
  ageColumn,
  ...containers,
  selector,
];

export const replicaSetColumns: Column[] = [
  nameColumn,
  column("Desired", (object) => count(specOf(object)["replicas"]), "integer"),
  counted("Current", "replicas"),
  counted("Ready", "readyReplicas"),
  ageColumn,
  ...containers,
  selector,
];

export const statefulSetColumns: Column[] = [
  nameColumn,
  column("Ready", readyOfDesired),
  ageColumn,
  ...containers,
];

export const daemonSetColumns: Column[] = [
  nameColumn,
  counted("Desired", "desiredNumberScheduled"),
  counted("Current", "currentNumberScheduled"),
  counted("Ready", "numberReady"),
  counted("Up-to-date", "updatedNumberScheduled"),
  counted("Available", "numberAvailable"),
  column("Node Selector", (object) =>
    labelText(child(child(child(specOf(object), "template"), "spec"), "nodeSelector")),
  ),
  ageColumn,
  ...containers,
  selector,
];

export const controllerRevisionColumns: Column[] = [
  nameColumn,
  column("Controller", (object) => {
    const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner) return "<none>";
    const group = owner.apiVersion.includes("/") ? `.${owner.apiVersion.split("/")[0]}` : "";
    return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
  }),
  column("Revision", (object) => count(object["revision"])),
  ageColumn,
];

export const jobColumns: Column[] = [
  nameColumn,
  column("Status", jobStatus),
  column("Completions", completions),
  column("Duration", (object, now) => {
    const { startTime, completionTime } = statusOf(object);
    if (typeof startTime !== "string") return "";
    const end = typeof completionTime === "string" ? Date.parse(completionTime) : now.getTime();
    return duration(end - Date.parse(startTime));
  }),
  ageColumn,
  ...containers,
  selector,
];

function jobStatus(object: KubeObject): string {
  const isTrue = (type: string) =>
    items(statusOf(object), "conditions").some((one) => one["type"] === type && one["status"] === "True");
  if (isTrue("Complete")) return "Complete";
  if (isTrue("Failed")) return "Failed";
  if (object.metadata.deletionTimestamp) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(isTrue) ?? "Running";
}

function completions(object: KubeObject): string {
  const { completions: wanted, parallelism } = specOf(object);
  const done = count(statusOf(object)["succeeded"]);
  if (typeof wanted === "number") return `${done}/${wanted}`;
  return count(parallelism) > 1 ? `${done}/1 of ${count(parallelism)}` : `${done}/1`;
}

export const cronJobColumns: Column[] = [
  nameColumn,
  column("Schedule", (object) => textOr(specOf(object)["schedule"], "")),
  column("Timezone", (object) => textOr(specOf(object)["timeZone"], "<none>")),
  column("Suspend", (object) => (specOf(object)["suspend"] === true ? "True" : "False"), "boolean"),
  column("Active", (object) => items(statusOf(object), "active").length, "integer"),
  column("Last Schedule", (object, now) => {
    const last = statusOf(object)["lastScheduleTime"];
    return typeof last === "string" ? since(last, now) : "<none>";
  }),
  ageColumn,
  ...containerColumns((object) => child(child(child(specOf(object), "jobTemplate"), "spec"), "template")),
  wide("Selector", (object) => {
    const inner = child(child(specOf(object), "jobTemplate"), "spec");
    return selectorText(child(inner, "selector"));
  }),
];
