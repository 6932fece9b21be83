import { isAtomicObject, isSet, listIdentity } from "./merge-keys.ts";
import { isRecord } from "./object.ts";
import type { KubeObject } from "./object.ts";

/** Metadata that belongs to the system and not to whoever writes the object. */
const systemFields = new Set([
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "name",
  "namespace",
  "resourceVersion",
  "selfLink",
  "uid",
]);

/** The part of an object that writers own; `ignore` is the field that only another subresource writes. */
export function owned(object: KubeObject, ignore: string | undefined): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  if (ignore) delete rest[ignore];
  const free = Object.entries(metadata).filter(([field]) => !systemFields.has(field));
  return { ...(free.length > 0 && { metadata: Object.fromEntries(free) }), ...rest };
}

/** The part of an object's metadata that nobody owns. */
export function systemMetadata({ metadata }: KubeObject): KubeObject["metadata"] {
  const kept = Object.entries(metadata).filter(([field]) => systemFields.has(field));
  return Object.fromEntries(kept) as KubeObject["metadata"];
}

export interface Child {
  /** The field's name; "*" for an item of a list. */
  name: string;
  value: unknown;
}

/** The parts of a value that are owned one by one, keyed by their FieldsV1 step; undefined: it is one leaf. */
export function children(value: unknown, path: string[]): Map<string, Child> | undefined {
  if (isRecord(value) && !isAtomicObject(path)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
    return new Map(fields.map(([name, field]) => [`f:${name}`, { name, value: field }]));
  }
  if (!Array.isArray(value)) return undefined;
  if (isSet(path)) return new Map(value.map((item) => [setStep(item), { name: "*", value: null }]));
  if (!listIdentity(path)) return undefined;
  return new Map(value.filter(isRecord).map((item) => [itemStep(item, path), { name: "*", value: item }]));
}

export function setStep(item: unknown): string {
  return `v:${JSON.stringify(item)}`;
}

/** How managedFields name an item of the keyed list at `path`. */
export function itemStep(item: Record<string, unknown>, path: string[]): string {
  const identity = listIdentity(path);
  const keys = identity?.map ?? [identity?.merge ?? "name"];
  const id = Object.fromEntries(keys.map((key) => [key, item[key] ?? identity?.defaults?.[key]]));
  return `k:${JSON.stringify(id)}`;
}
