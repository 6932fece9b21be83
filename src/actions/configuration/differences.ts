import { quantityOf } from "../../domain/quantity.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** `500m` and `0.5`, `2` and `"2"` are the same to Kubernetes. */
function isSame(wanted: Json, live: Json | undefined): boolean {
  if (live === undefined) return false;
  const [a, b] = [textOf(wanted), textOf(live)];
  const amount = quantityOf(a);
  return a === b || (amount !== null && amount === quantityOf(b));
}

function namesakeOf(list: readonly Json[], item: Json, index: number): Json | undefined {
  if (!isObject(item) || item["name"] === undefined) return list[index];
  return list.find((one) => isObject(one) && one["name"] === item["name"]);
}

function label(item: Json, index: number): string {
  return isObject(item) && typeof item["name"] === "string" ? item["name"] : String(index + 1);
}

/**
 * Paths at which what is live is not as the manifest says; what the manifest leaves out is not looked at, because the
 * API server fills it in. Values are never among them.
 */
export function differences(wanted: Json, live: Json | undefined, path = ""): string[] {
  if (isObject(wanted)) {
    if (!isObject(live)) return [path];
    return Object.entries(wanted).flatMap(([key, value]) =>
      differences(value, live[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live)) return [path];
    return wanted.flatMap((item, index) =>
      differences(item, namesakeOf(live, item, index), `${path}[${label(item, index)}]`),
    );
  }
  return isSame(wanted, live) ? [] : [path];
}
