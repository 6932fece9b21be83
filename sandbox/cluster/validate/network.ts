import { isIP } from "node:net";
import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkName } from "./names.ts";

const pathTypes = ["Exact", "ImplementationSpecific", "Prefix"];

export function checkIngress(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const backend = child(spec, "defaultBackend");
  const rules = items(spec, "rules");
  if (!backend && rules.length === 0) {
    const why = "[]networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified";
    return [cause("spec", "Invalid value", why)];
  }
  const certified = items(spec, "tls").flatMap((tls, index) =>
    textsOf(tls, "hosts").flatMap((host, at) => checkHost(`spec.tls[${index}].hosts[${at}]`, host)),
  );
  return [
    ...certified,
    ...(backend ? checkBackend("spec.defaultBackend", backend) : []),
    ...rules.flatMap((rule, index) => checkRule(`spec.rules[${index}]`, rule)),
  ];
}

function checkRule(path: string, rule: Fields): StatusCause[] {
  const host = textOr(rule["host"], "");
  const http = child(rule, "http");
  const paths = items(http, "paths");
  return [
    ...(host ? checkHost(`${path}.host`, host) : []),
    ...(http && paths.length === 0 ? [cause(`${path}.http.paths`, "Required value", "")] : []),
    ...paths.flatMap((one, index) => checkPath(`${path}.http.paths[${index}]`, one)),
  ];
}

function checkHost(path: string, host: string): StatusCause[] {
  if (isIP(host)) return [cause(path, "Invalid value", `"${host}": must be a DNS name, not an IP address`)];
  return checkName(path, host.replace(/^\*\./, ""), "subdomain");
}

function checkPath(path: string, rule: Fields): StatusCause[] {
  const type = textOr(rule["pathType"], "");
  if (!type) return [cause(`${path}.pathType`, "Required value", "pathType must be specified")];
  const backend = checkBackend(`${path}.backend`, child(rule, "backend") ?? {});
  if (!pathTypes.includes(type)) {
    const supported = pathTypes.map((one) => `"${one}"`).join(", ");
    const message = `"${type}": supported values: ${supported}`;
    return [cause(`${path}.pathType`, "Unsupported value", message), ...backend];
  }
  const value = textOr(rule["path"], "");
  const absolute = value.startsWith("/") || (type === "ImplementationSpecific" && value === "");
  const wrong = absolute
    ? []
    : [cause(`${path}.path`, "Invalid value", `"${value}": must be an absolute path`)];
  return [...wrong, ...backend];
}

function checkBackend(path: string, backend: Fields): StatusCause[] {
  const service = child(backend, "service");
  if (child(backend, "resource")) return [];
  if (!service) return [cause(path, "Invalid value", '"": resource or service backend is required')];
  const name = textOr(service["name"], "");
  const port = child(service, "port") ?? {};
  const named = name
    ? checkName(`${path}.service.name`, name, "service")
    : [cause(`${path}.service.name`, "Required value", "")];
  return [...named, ...checkPort(path, port)];
}

function checkPort(path: string, { name, number }: Fields): StatusCause[] {
  if (name && number) return [cause(path, "Invalid value", '"": cannot set both port name & port number')];
  if (!name && !number) return [cause(path, "Required value", "port name or number is required")];
  return name ? [] : outOfRange(`${path}.service.port.number`, Number(number));
}

function outOfRange(path: string, port: number): StatusCause[] {
  if (port > 0 && port < 65_536) return [];
  return [cause(path, "Invalid value", `${port}: must be between 1 and 65535, inclusive`)];
}

export function checkNetworkPolicy(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const types = textsOf(spec, "policyTypes").flatMap((type, index) => {
    const message = `"${type}": supported values: "Ingress", "Egress"`;
    return ["Ingress", "Egress"].includes(type)
      ? []
      : [cause(`spec.policyTypes[${index}]`, "Unsupported value", message)];
  });
  const rules = [
    ...items(spec, "ingress").map((rule, index) => ({ rule, path: `spec.ingress[${index}]`, peers: "from" })),
    ...items(spec, "egress").map((rule, index) => ({ rule, path: `spec.egress[${index}]`, peers: "to" })),
  ];
  return [...rules.flatMap(checkPolicyRule), ...types];
}

function checkPolicyRule({
  rule,
  path,
  peers,
}: {
  rule: Fields;
  path: string;
  peers: string;
}): StatusCause[] {
  const ports = items(rule, "ports").flatMap(({ port }, index) =>
    typeof port === "number" ? outOfRange(`${path}.ports[${index}].port`, port) : [],
  );
  const wrong = items(rule, peers).flatMap((peer, index) => checkPeer(`${path}.${peers}[${index}]`, peer));
  return [...ports, ...wrong];
}

function checkPeer(path: string, peer: Fields): StatusCause[] {
  if (Object.keys(peer).length === 0) return [cause(path, "Required value", "must specify a peer")];
  const block = child(peer, "ipBlock");
  if (!block) return [];
  const range = textOr(block["cidr"], "");
  const [address = "", bits = ""] = range.split("/");
  if (isIP(address) && /^\d+$/.test(bits)) return [];
  const message = `"${range}": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`;
  return [cause(`${path}.ipBlock.cidr`, "Invalid value", message)];
}

function textsOf(of: Fields, field: string): string[] {
  const list = of[field];
  return Array.isArray(list) ? list.map(String) : [];
}
