import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";

export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  type: "string" | "integer" | "boolean" | "date";
  /** Shown by `-o wide` only. */
  wide?: boolean;
  cell(object: KubeObject, now: Date): Cell;
}

export function column(name: string, cell: Column["cell"], type: Column["type"] = "string"): Column {
  return { name, type, cell };
}

export function wide(name: string, cell: Column["cell"]): Column {
  return { ...column(name, cell), wide: true };
}

export const nameColumn = column("Name", (object) => object.metadata.name);
export const ageColumn = column("Age", (object, now) => since(object.metadata.creationTimestamp, now));
export const createdColumn = column(
  "Created At",
  (object) => object.metadata.creationTimestamp ?? "",
  "date",
);

export function specOf(object: KubeObject): Fields {
  return child(object, "spec") ?? {};
}

export function statusOf(object: KubeObject): Fields {
  return child(object, "status") ?? {};
}

export function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** How long ago an RFC 3339 time was, as kubectl writes it. */
export function since(time: unknown, now: Date): string {
  return typeof time === "string" ? duration(now.getTime() - Date.parse(time)) : "<unknown>";
}

/** Milliseconds in two units at most, fewer the longer it is: 95s, 3m20s, 5h, 2d3h, 400d. */
export function duration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return two(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 365 * 8 ? two(years, "y", days % 365, "d") : `${years}y`;
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** "a=b,c=d", sorted; "<none>" of nothing. */
export function labelText(labels: Fields | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return pairs.sort().join(",") || "<none>";
}

/** A label selector the way kubectl's -l would take it. */
export function selectorText(selector: Fields | undefined): string {
  const equal = Object.entries(child(selector, "matchLabels") ?? {}).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const expressions = items(selector, "matchExpressions").map((one) => {
    const key = String(one["key"]);
    const values = Array.isArray(one["values"]) ? one["values"].map(String).sort().join(",") : "";
    const written: Record<string, string> = { Exists: key, DoesNotExist: `!${key}` };
    return written[String(one["operator"])] ?? `${key} ${String(one["operator"]).toLowerCase()} (${values})`;
  });
  return [...equal, ...expressions].sort().join(",") || "<none>";
}

/** Container names and images of a workload's template. */
export function containerColumns(template: (object: KubeObject) => Fields | undefined): Column[] {
  const list = (object: KubeObject, field: string) =>
    items(child(template(object), "spec"), "containers")
      .map((container) => textOr(container[field], ""))
      .join(",");
  return [
    wide("Containers", (object) => list(object, "name")),
    wide("Images", (object) => list(object, "image")),
  ];
}

/** At most `limit` values, then how many more there are. */
export function some(values: string[], limit: number, separator = ","): string {
  if (values.length <= limit) return values.join(separator);
  return `${values.slice(0, limit).join(separator)} + ${values.length - limit} more...`;
}

export function records(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
