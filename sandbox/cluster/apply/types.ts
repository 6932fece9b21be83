import { child } from "../fields.ts";
import type { Kind } from "../kinds.ts";
import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";

const numbers = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
const maps = ["selector", "template", "strategy", "updateStrategy"];
const workloads = new Set(["deployments", "replicasets", "statefulsets", "daemonsets"]);
/** Fields of the object itself whose values are all strings. */
const texts: Record<string, string[]> = { configmaps: ["data"], secrets: ["data", "stringData"] };

/** What server-side apply says of fields, among those people write by hand, whose values are of another type. */
export function wrongTypes(kind: Kind, config: KubeObject): string[] {
  const metadata = config.metadata as Record<string, unknown>;
  const spec = workloads.has(kind.plural) ? child(config, "spec") : undefined;
  return [
    ...(texts[kind.plural] ?? []).flatMap((field) => nonTexts(`.${field}`, config[field])),
    ...["annotations", "labels"].flatMap((field) => nonTexts(`.metadata.${field}`, metadata[field])),
    ...[...maps, ...numbers, "paused"].sort().flatMap((field) => wrongField(field, spec?.[field])),
  ];
}

function nonTexts(path: string, map: unknown): string[] {
  if (map === undefined || map === null) return [];
  if (!isRecord(map)) return [`${path}: expected map, got ${shown(map)}`];
  return Object.entries(map)
    .filter(([, value]) => value !== null && typeof value !== "string")
    .map(
      ([key, value]) =>
        `${path}.${key}: expected string, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`,
    );
}

function wrongField(field: string, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const [right, wanted] = maps.includes(field)
    ? [isRecord(value), "map"]
    : field === "paused"
      ? [typeof value === "boolean", "boolean"]
      : [typeof value === "number", "numeric (int or float)"];
  return right ? [] : [`.spec.${field}: expected ${wanted}, got ${shown(value)}`];
}

/** A value as Go prints it in these messages. */
function shown(value: unknown): string {
  if (typeof value === "string") return "string";
  return Array.isArray(value) ? `&{[${value.map(String).join(" ")}]}` : `&{${JSON.stringify(value)}}`;
}
