import type { KubeObject } from "./object.ts";
import { isRecord } from "./object.ts";
import { badRequest } from "./status.ts";

export type Selector = (object: KubeObject) => boolean;

const key = String.raw`[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const equality = new RegExp(`^(${key})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const membership = new RegExp(String.raw`^(${key})\s+(in|notin)\s*\(([^)]*)\)$`);
const presence = new RegExp(`^(!?)\\s*(${key})$`);
const comparison = new RegExp(`^(${key})\\s*([<>])\\s*(-?[0-9]+)$`);

type Labels = Record<string, string>;

/** Reads `a=b,c!=d,e in (x,y),f,!g` as kubectl's -l takes it; throws StatusError 400. */
export function labelSelector(text: string | null): Selector | undefined {
  if (!text?.trim()) return undefined;
  const requirements = splitOutsideParentheses(text).map((part) => requirement(part.trim()));
  return (object) => requirements.every((matches) => matches(object.metadata.labels ?? {}));
}

function requirement(text: string): (labels: Labels) => boolean {
  const equal = equality.exec(text);
  if (equal) {
    const [, name = "", , operator, value = ""] = equal;
    return operator === "!=" ? (labels) => labels[name] !== value : (labels) => labels[name] === value;
  }
  const member = membership.exec(text);
  if (member) {
    const [, name = "", , operator, list = ""] = member;
    const values = new Set(list.split(",").map((value) => value.trim()));
    const isIn = (labels: Labels) => labels[name] !== undefined && values.has(labels[name]);
    return operator === "in" ? isIn : (labels) => !isIn(labels);
  }
  const compare = comparison.exec(text);
  if (compare) {
    const [, name = "", , operator, bound = ""] = compare;
    return (labels) => {
      const value = Number.parseInt(labels[name] ?? "", 10);
      return operator === ">" ? value > Number(bound) : value < Number(bound);
    };
  }
  const present = presence.exec(text);
  if (!present) {
    const found = new RegExp(`^${key}\\s+([^\\s=!<>(]+)`).exec(text)?.[2] ?? "";
    const operators = "in, notin, =, ==, !=, gt, lt";
    throw badRequest(`unable to parse requirement: found '${found}', expected: ${operators}`);
  }
  const [, negated, name = ""] = present;
  return (labels) => Object.hasOwn(labels, name) !== (negated === "!");
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

/** Fields beside metadata.name and metadata.namespace that a kind can be selected by. */
const selectable: Record<string, Record<string, (object: KubeObject) => unknown>> = {
  pods: fields(
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ),
  events: {
    ...fields("reason", "type", "reportingComponent"),
    ...fields("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid"),
    ...fields("involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath"),
    source: (event) => read(event, "source.component") ?? read(event, "reportingComponent"),
  },
  secrets: fields("type"),
  namespaces: fields("status.phase"),
  nodes: fields("spec.unschedulable"),
  replicasets: fields("status.replicas"),
  jobs: fields("status.successful"),
};

const falsy = new Set(["spec.hostNetwork", "spec.unschedulable"]);

function fields(...paths: string[]): Record<string, (object: KubeObject) => unknown> {
  return Object.fromEntries(paths.map((path) => [path, (object: KubeObject) => read(object, path)]));
}

/** Reads `status.phase!=Running,metadata.name=x`; throws StatusError 400 for a field the kind has not. */
export function fieldSelector(plural: string, text: string | null): Selector | undefined {
  if (!text?.trim()) return undefined;
  const requirements = text.split(",").map((part) => {
    const [, field = "", operator, value = ""] = /^([^=!]*)(!=|==|=)(.*)$/.exec(part) ?? [];
    if (!operator) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const reader = readerOf(plural, field);
    return (object: KubeObject) => (stringOf(reader(object), field) === value) !== (operator === "!=");
  });
  return (object) => requirements.every((matches) => matches(object));
}

function readerOf(plural: string, field: string): (object: KubeObject) => unknown {
  if (field === "metadata.name" || field === "metadata.namespace") return (object) => read(object, field);
  const reader = selectable[plural]?.[field];
  if (reader) return reader;
  const known = `only "metadata.name", "metadata.namespace"`;
  throw badRequest(
    selectable[plural]
      ? `field label not supported: ${field}`
      : `"${field}" is not a known field selector: ${known}`,
  );
}

function stringOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return falsy.has(field) ? "false" : "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function read(object: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, step) => (isRecord(value) ? value[step] : undefined), object);
}
