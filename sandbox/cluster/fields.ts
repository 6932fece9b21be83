import { isRecord } from "./object.ts";

export type Fields = Record<string, unknown>;

/** Sets what is absent. */
export function fill(target: Fields, defaults: Fields): void {
  for (const [field, value] of Object.entries(defaults)) target[field] ??= structuredClone(value);
}

/** The object below a field, put there when absent. */
export function below(target: Fields, field: string): Fields {
  const value = target[field];
  if (isRecord(value)) return value;
  const created: Fields = {};
  target[field] = created;
  return created;
}

/** The object below a field when there is one. */
export function child(target: Fields | undefined, field: string): Fields | undefined {
  const value = target?.[field];
  return isRecord(value) ? value : undefined;
}

/** The objects in a list field; anything else in it is passed over. */
export function items(target: Fields | undefined, field: string): Fields[] {
  const value = target?.[field];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** Removes nulls, as decoding into Go's types does; lists keep theirs. */
export function dropNulls(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
  } else if (isRecord(value)) {
    for (const [field, inner] of Object.entries(value)) {
      if (inner === null || inner === undefined) delete value[field];
      else dropNulls(inner);
    }
  }
}

/** Removes the named fields where they are empty: the API's types leave those out. */
export function dropEmpty(target: Fields, ...names: string[]): void {
  for (const name of names) {
    const value = target[name];
    const empty =
      value === "" || (Array.isArray(value) && value.length === 0) || (isRecord(value) && isEmpty(value));
    if (empty) delete target[name];
  }
}

function isEmpty(value: Fields): boolean {
  return Object.keys(value).length === 0;
}

/** A string, number or boolean as text; anything else, and an empty string, gives the other. */
export function textOr(value: unknown, otherwise: string): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : otherwise;
}
