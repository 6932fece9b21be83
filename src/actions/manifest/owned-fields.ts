import { z } from "zod";
import type { Json, JsonObject } from "../../engine/ports.ts";

/** A set of fields as an API server keeps it in managedFields (`fieldsV1`). */
export interface FieldSet {
  [key: string]: FieldSet;
}

const Entries = z.array(
  z.object({
    manager: z.string().default(""),
    operation: z.string().default(""),
    subresource: z.string().default(""),
    fieldsV1: z.record(z.string(), z.any()).default({}),
  }),
);

/** The fields that a manager has applied (not merely updated); null: it has applied nothing. */
export function appliedFields(object: JsonObject, manager: string): FieldSet | null {
  const { managedFields = [] } = (object["metadata"] ?? {}) as { managedFields?: Json };
  const entry = Entries.parse(managedFields).find(
    (one) => one.manager === manager && one.operation === "Apply" && one.subresource === "",
  );
  return entry === undefined ? null : (entry.fieldsV1 as FieldSet);
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...keys].map((key) => [key, union(a[key] ?? {}, b[key] ?? {})]));
}

function isMap(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function matches(item: Json, keys: JsonObject): boolean {
  return isMap(item) && Object.entries(keys).every(([key, value]) => item[key] === value);
}

function pickItem(item: Json, index: number, fields: FieldSet): Json | undefined {
  for (const [key, inner] of Object.entries(fields)) {
    if (key.startsWith("v:") && JSON.stringify(item) === key.slice(2)) return item;
    if (key === `i:${index}`) return pick(item, inner);
    if (!key.startsWith("k:")) continue;
    const keys = JSON.parse(key.slice(2)) as JsonObject;
    // An item without what tells it apart would be another one.
    if (matches(item, keys)) return { ...keys, ...(pick(item, inner) as JsonObject) };
  }
  return undefined;
}

/** Of a value what is in the set; undefined: nothing is. A field without members stands for all that is in it. */
export function pick(value: Json | undefined, fields: FieldSet): Json | undefined {
  if (value === undefined) return undefined;
  const members = Object.keys(fields).filter((key) => key !== ".");
  if (members.length === 0) {
    if (!("." in fields)) return value;
    return Array.isArray(value) ? [] : isMap(value) ? {} : value;
  }
  if (Array.isArray(value)) {
    const items = value.flatMap((item, index) => {
      const picked = pickItem(item, index, fields);
      return picked === undefined ? [] : [picked];
    });
    return items.length === 0 ? undefined : items;
  }
  if (!isMap(value)) return undefined;
  const picked = members.flatMap((key): [string, Json][] => {
    const name = key.slice(2);
    const inner = pick(value[name], fields[key]!);
    return inner === undefined ? [] : [[name, inner]];
  });
  return picked.length === 0 && !("." in fields) ? undefined : Object.fromEntries(picked);
}

/** The part of an object that these fields are, as it would be applied. */
export function partOf(object: JsonObject, fields: FieldSet): JsonObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata as { name: string; namespace?: string };
  const owned = Object.keys(fields).length === 0 ? {} : pick(object, fields);
  const part = (owned ?? {}) as JsonObject;
  const identity = { name, ...(namespace !== undefined && { namespace }) };
  return {
    apiVersion: apiVersion!,
    kind: kind!,
    ...part,
    metadata: { ...(part["metadata"] as JsonObject), ...identity },
  };
}
