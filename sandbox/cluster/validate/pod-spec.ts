import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { amountOf } from "../admission/amounts.ts";
import { canonicalQuantity } from "../defaults/quantity.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkName } from "./names.ts";

/** What playbooks and people get wrong in a pod spec; not every rule the API server has. */
export function checkPodSpec(path: string, spec: Fields, claims: unknown[] = []): StatusCause[] {
  const volumes = new Set([...claims, ...items(spec, "volumes").map((volume) => volume["name"])]);
  return [
    ...checkUnique(`${path}.volumes`, items(spec, "volumes"), "name"),
    ...checkContainers(`${path}.initContainers`, items(spec, "initContainers"), volumes),
    ...(items(spec, "containers").length === 0 ? [cause(`${path}.containers`, "Required value", "")] : []),
    ...checkContainers(`${path}.containers`, items(spec, "containers"), volumes),
  ];
}

function checkContainers(path: string, containers: Fields[], volumes: Set<unknown>): StatusCause[] {
  const seen = new Set<unknown>();
  return containers.flatMap((container, index) => {
    const here = `${path}[${index}]`;
    const name = container["name"];
    const duplicate = name !== undefined && seen.has(name);
    seen.add(name);
    return [
      ...(name
        ? checkName(`${here}.name`, textOr(name, ""), "label")
        : [cause(`${here}.name`, "Required value", "")]),
      ...(duplicate ? [cause(`${here}.name`, "Duplicate value", JSON.stringify(name))] : []),
      ...(container["image"] ? [] : [cause(`${here}.image`, "Required value", "")]),
      ...checkEnv(`${here}.env`, items(container, "env")),
      ...checkPorts(`${here}.ports`, items(container, "ports")),
      ...checkMounts(`${here}.volumeMounts`, items(container, "volumeMounts"), volumes),
      ...checkResources(`${here}.resources`, child(container, "resources")),
      ...checkRequests(`${here}.resources.requests`, child(container, "resources")),
    ];
  });
}

function checkUnique(path: string, list: Fields[], key: string): StatusCause[] {
  const seen = new Set<unknown>();
  return list.flatMap((item, index) => {
    const value = item[key];
    const again = seen.has(value);
    seen.add(value);
    return again ? [cause(`${path}[${index}].${key}`, "Duplicate value", JSON.stringify(value))] : [];
  });
}

function checkEnv(path: string, env: Fields[]): StatusCause[] {
  return env.flatMap((variable, index) => {
    const here = `${path}[${index}]`;
    if (!variable["name"]) return [cause(`${here}.name`, "Required value", "")];
    const both = variable["value"] !== undefined && variable["valueFrom"] !== undefined;
    return both
      ? [cause(`${here}.valueFrom`, "Invalid value", '"": may not be specified when `value` is not empty')]
      : [];
  });
}

function checkPorts(path: string, ports: Fields[]): StatusCause[] {
  return ports.flatMap((port, index) => {
    const value = port["containerPort"];
    if (!value) return [cause(`${path}[${index}].containerPort`, "Required value", "")];
    const valid = typeof value === "number" && value > 0 && value < 65536;
    const message = `${textOr(value, "")}: must be between 1 and 65535, inclusive`;
    return valid ? [] : [cause(`${path}[${index}].containerPort`, "Invalid value", message)];
  });
}

function checkMounts(path: string, mounts: Fields[], volumes: Set<unknown>): StatusCause[] {
  return mounts
    .map((mount, index) => ({ name: mount["name"], field: `${path}[${index}].name` }))
    .filter(({ name }) => !volumes.has(name))
    .map(({ name, field }) => cause(field, "Not found", JSON.stringify(name)));
}

const quantityPattern = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function checkResources(path: string, resources: Fields | undefined): StatusCause[] {
  return ["limits", "requests"].flatMap((part) =>
    Object.entries(child(resources, part) ?? {})
      .filter(
        ([, amount]) =>
          canonicalQuantity(amount) === amount && !/^[+-]?\d+(n|u|m|k|[KMGTPE]i?)?$/.test(String(amount)),
      )
      .map(([name, amount]) =>
        cause(
          `${path}.${part}.${name}`,
          "Invalid value",
          `${JSON.stringify(amount)}: quantities must match the regular expression ${quantityPattern}`,
        ),
      ),
  );
}

/** A container may not ask for more than it may have. */
function checkRequests(path: string, resources: Fields | undefined): StatusCause[] {
  const limits = child(resources, "limits") ?? {};
  return Object.entries(child(resources, "requests") ?? {})
    .filter(([name, amount]) => limits[name] !== undefined && amountOf(amount) > amountOf(limits[name]))
    .map(([name, amount]) => {
      const most = `must be less than or equal to ${name} limit of ${String(limits[name])}`;
      return cause(path, "Invalid value", `${JSON.stringify(amount)}: ${most}`);
    });
}
