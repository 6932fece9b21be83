import type { Kind } from "./kinds.ts";
import { apiVersionOf } from "./kinds.ts";
import type { KubeObject } from "./object.ts";

/** Events are stored as core v1; events.k8s.io names the same fields otherwise. */
const names: [core: string, events: string][] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
];

/** A stored object as the API group it is asked in shows it. */
export function shown(kind: Kind, stored: KubeObject): KubeObject {
  return kind.group === "events.k8s.io" ? renamed(kind, stored, names) : stored;
}

/** What was sent, as it is stored. */
export function storable(kind: Kind, object: KubeObject): KubeObject {
  if (kind.group !== "events.k8s.io") return object;
  const back = names.map(([core, events]): [string, string] => [events, core]);
  return renamed({ ...kind, group: "", version: "v1" }, object, back);
}

function renamed(kind: Kind, object: KubeObject, pairs: [string, string][]): KubeObject {
  const to = new Map(pairs);
  const fields = Object.entries(object).map(([field, value]) => [to.get(field) ?? field, value]);
  return { ...(Object.fromEntries(fields) as KubeObject), apiVersion: apiVersionOf(kind) };
}
