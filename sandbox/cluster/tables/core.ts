import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import {
  ageColumn,
  column,
  count,
  createdColumn,
  labelText,
  nameColumn,
  records,
  some,
  specOf,
  statusOf,
  wide,
} from "./columns.ts";
import type { Column } from "./columns.ts";

export const serviceColumns: Column[] = [
  nameColumn,
  column("Type", (object) => textOr(specOf(object)["type"], "ClusterIP")),
  column("Cluster-IP", (object) => textOr(specOf(object)["clusterIP"], "<none>")),
  column("External-IP", externalAddress),
  column("Port(s)", (object) => items(specOf(object), "ports").map(portText).join(",") || "<none>"),
  ageColumn,
  wide("Selector", (object) => labelText(child(specOf(object), "selector"))),
];

function portText(port: Fields): string {
  const nodePort = port["nodePort"] ? `:${count(port["nodePort"])}` : "";
  return `${count(port["port"])}${nodePort}/${textOr(port["protocol"], "TCP")}`;
}

function externalAddress(object: KubeObject): string {
  const spec = specOf(object);
  if (spec["type"] === "ExternalName") return textOr(spec["externalName"], "<none>");
  const fixed = Array.isArray(spec["externalIPs"]) ? spec["externalIPs"].map(String) : [];
  if (spec["type"] !== "LoadBalancer") return fixed.join(",") || "<none>";
  return [...addresses(object), ...fixed].join(",") || "<pending>";
}

function addresses(object: KubeObject): string[] {
  return items(child(statusOf(object), "loadBalancer"), "ingress").map((one) =>
    String(one["ip"] ?? one["hostname"]),
  );
}

export const endpointsColumns: Column[] = [
  nameColumn,
  column("Endpoints", (object) => {
    const all = records(object["subsets"]).flatMap((subset) => {
      const ports = items(subset, "ports");
      const hosts = items(subset, "addresses").map((one) => String(one["ip"]));
      if (ports.length === 0) return hosts;
      return ports.flatMap((port) => hosts.map((host) => `${host}:${count(port["port"])}`));
    });
    return all.length === 0 ? "<none>" : some(all, 3);
  }),
  ageColumn,
];

export const endpointSliceColumns: Column[] = [
  nameColumn,
  column("AddressType", (object) => textOr(object["addressType"], "")),
  column("Ports", (object) => {
    const ports = records(object["ports"]).map((port) => textOr(port["port"], "*"));
    return ports.length === 0 ? "<unset>" : some(ports, 3);
  }),
  column("Endpoints", (object) => {
    const all = records(object["endpoints"]).flatMap((one) =>
      Array.isArray(one["addresses"]) ? one["addresses"].map(String) : [],
    );
    return all.length === 0 ? "<unset>" : some(all, 3);
  }),
  ageColumn,
];

export const namespaceColumns: Column[] = [
  nameColumn,
  column("Status", (object) => textOr(statusOf(object)["phase"], "")),
  ageColumn,
];

function entries(object: KubeObject, ...fields: string[]): number {
  return fields.reduce((sum, field) => sum + Object.keys(child(object, field) ?? {}).length, 0);
}

export const configMapColumns: Column[] = [
  nameColumn,
  column("Data", (object) => entries(object, "data", "binaryData")),
  ageColumn,
];

export const secretColumns: Column[] = [
  nameColumn,
  column("Type", (object) => textOr(object["type"], "")),
  column("Data", (object) => entries(object, "data")),
  ageColumn,
];

export const serviceAccountColumns: Column[] = [
  nameColumn,
  column("Secrets", (object) => records(object["secrets"]).length),
  ageColumn,
];

const rolePrefix = "node-role.kubernetes.io/";

export const nodeColumns: Column[] = [
  nameColumn,
  column("Status", nodeStatus),
  column("Roles", (object) => {
    const labels = object.metadata.labels ?? {};
    const roles = Object.keys(labels).filter(
      (key) => key.startsWith(rolePrefix) && key.length > rolePrefix.length,
    );
    const named = [...roles.map((key) => key.slice(rolePrefix.length)), labels["kubernetes.io/role"] ?? ""];
    return named.filter(Boolean).sort().join(",") || "<none>";
  }),
  ageColumn,
  column("Version", (object) => nodeInfo(object, "kubeletVersion")),
  wide("Internal-IP", (object) => nodeAddress(object, "InternalIP")),
  wide("External-IP", (object) => nodeAddress(object, "ExternalIP")),
  wide("OS-Image", (object) => textOr(nodeInfo(object, "osImage"), "<unknown>")),
  wide("Kernel-Version", (object) => textOr(nodeInfo(object, "kernelVersion"), "<unknown>")),
  wide("Container-Runtime", (object) => textOr(nodeInfo(object, "containerRuntimeVersion"), "<unknown>")),
];

function nodeInfo(object: KubeObject, field: string): string {
  return textOr(child(statusOf(object), "nodeInfo")?.[field], "");
}

function nodeAddress(object: KubeObject, type: string): string {
  const found = items(statusOf(object), "addresses").find((one) => one["type"] === type);
  return textOr(found?.["address"], "<none>");
}

function nodeStatus(object: KubeObject): string {
  const ready = items(statusOf(object), "conditions").find((one) => one["type"] === "Ready");
  const words = [ready ? (ready["status"] === "True" ? "Ready" : "NotReady") : "Unknown"];
  if (specOf(object)["unschedulable"] === true) words.push("SchedulingDisabled");
  return words.join(",");
}

export const quotaColumns: Column[] = [
  nameColumn,
  ageColumn,
  column("Request", (object) => quotaText(object, (name) => !name.startsWith("limits"))),
  column("Limit", (object) => quotaText(object, (name) => name.startsWith("limits"))),
];

function quotaText(object: KubeObject, wanted: (name: string) => boolean): string {
  const hard = child(statusOf(object), "hard") ?? {};
  const used = child(statusOf(object), "used") ?? {};
  const names = Object.keys(hard).filter(wanted).sort();
  return names.map((name) => `${name}: ${textOr(used[name], "0")}/${textOr(hard[name], "0")}`).join(", ");
}

export const roleColumns: Column[] = [nameColumn, createdColumn];

export const bindingColumns: Column[] = [
  nameColumn,
  column("Role", (object) => {
    const role = child(object, "roleRef");
    return `${String(role?.["kind"])}/${String(role?.["name"])}`;
  }),
  ageColumn,
  wide("Users", (object) => subjects(object, "User")),
  wide("Groups", (object) => subjects(object, "Group")),
  wide("ServiceAccounts", (object) => subjects(object, "ServiceAccount")),
];

function subjects(object: KubeObject, kind: string): string {
  return records(object["subjects"])
    .filter((subject) => subject["kind"] === kind)
    .map(({ namespace, name }) =>
      kind === "ServiceAccount" ? `${String(namespace)}/${String(name)}` : String(name),
    )
    .join(", ");
}
