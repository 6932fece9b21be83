import { below, child, items } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import { forbidden } from "../status.ts";
import type { Store } from "../store.ts";
import { amountOf, amountText, podAmount } from "./amounts.ts";
import type { Part } from "./amounts.ts";

function limitsOf(store: Store, pod: KubeObject): Fields[] {
  return store
    .list("limitranges", pod.metadata.namespace)
    .flatMap((range) => items(child(range, "spec"), "limits"));
}

/** Gives the containers of a new pod the requests and limits that its namespace's LimitRanges have for the silent. */
export function applyLimitRanges(store: Store, pod: KubeObject): void {
  const said: string[] = [];
  for (const limit of limitsOf(store, pod).filter(({ type }) => type === "Container")) {
    for (const container of items(child(pod, "spec"), "containers")) {
      const resources = below(container, "resources");
      const name = String(container["name"]);
      for (const [part, defaults, word] of [
        ["requests", child(limit, "defaultRequest"), "request"],
        ["limits", child(limit, "default"), "limit"],
      ] as const) {
        const missing = Object.entries(defaults ?? {}).filter(
          ([resource]) => child(resources, part)?.[resource] === undefined,
        );
        if (missing.length === 0) continue;
        Object.assign(below(resources, part), Object.fromEntries(missing));
        const names = missing.map(([resource]) => resource).sort();
        said.push(`${names.join(", ")} ${word} for container ${name}`);
      }
    }
  }
  if (said.length === 0) return;
  const text = `LimitRanger plugin set: ${said.join("; ")}`;
  pod.metadata.annotations = { ...pod.metadata.annotations, "kubernetes.io/limit-ranger": text };
}

/** Throws StatusError 403 for a pod beyond the bounds of its namespace's LimitRanges. */
export function checkLimitRanges(store: Store, kind: Kind, pod: KubeObject): void {
  const wrong = limitsOf(store, pod).flatMap((limit) => violations(limit, pod));
  if (wrong.length === 0) return;
  throw forbidden(kind, pod.metadata.name, wrong.length === 1 ? wrong[0]! : `[${wrong.join(", ")}]`);
}

type Read = (part: Part, resource: string) => number | undefined;

function violations(limit: Fields, pod: KubeObject): string[] {
  const containers = items(child(pod, "spec"), "containers");
  if (limit["type"] === "Container")
    return containers.flatMap((container) => broken(limit, "Container", ofContainer(container)));
  if (limit["type"] !== "Pod") return [];
  const total: Read = (part, resource) => {
    const anybody = containers.some((one) => ofContainer(one)(part, resource) !== undefined);
    return anybody ? podAmount(pod, part, resource) : undefined;
  };
  return broken(limit, "Pod", total);
}

function ofContainer(container: Fields): Read {
  return (part, resource) => {
    const amount = child(child(container, "resources"), part)?.[resource];
    return amount === undefined ? undefined : amountOf(amount);
  };
}

function broken(limit: Fields, type: string, read: Read): string[] {
  const bounds = (field: string) => Object.entries(child(limit, field) ?? {});
  return [
    ...bounds("min").flatMap(([resource, bound]) =>
      outside({ resource, bound, read, word: "minimum", type, first: "requests", is: (a, b) => a < b }),
    ),
    ...bounds("max").flatMap(([resource, bound]) =>
      outside({ resource, bound, read, word: "maximum", type, first: "limits", is: (a, b) => a > b }),
    ),
    ...bounds("maxLimitRequestRatio").flatMap(([resource, bound]) => {
      const ratio = (read("limits", resource) ?? 0) / (read("requests", resource) ?? Number.NaN);
      if (!(ratio > amountOf(bound))) return [];
      const most = `${resource} max limit to request ratio per ${type} is ${String(bound)}`;
      return [`${most}, but provided ratio is ${ratio.toFixed(6)}`];
    }),
  ];
}

interface Bound {
  resource: string;
  bound: unknown;
  read: Read;
  word: "minimum" | "maximum";
  type: string;
  first: Part;
  is: (amount: number, bound: number) => boolean;
}

function outside({ resource, bound, read, word, type, first, is }: Bound): string[] {
  const rule = `${word} ${resource} usage per ${type} is ${String(bound)}`;
  const singular = { requests: "request", limits: "limit" };
  const amount = read(first, resource);
  if (amount === undefined) return [`${rule}.  No ${singular[first]} is specified`];
  const other: Part = first === "requests" ? "limits" : "requests";
  for (const part of [first, other]) {
    const used = read(part, resource);
    if (used !== undefined && is(used, amountOf(bound))) {
      return [`${rule}, but ${singular[part]} is ${amountText(resource, used)}`];
    }
  }
  return [];
}
