import { isRecord } from "./object.ts";

/** A value the way Go's %v prints it, as some of the API server's messages quote it: map[key:value], sorted. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isRecord(value)) return typeof value === "string" ? value : (JSON.stringify(value) ?? "<nil>");
  const fields = Object.keys(value).sort();
  return `map[${fields.map((field) => `${field}:${goText(value[field])}`).join(" ")}]`;
}
