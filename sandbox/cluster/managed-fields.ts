import { isAtomicObject, isSet, listIdentity } from "./merge-keys.ts";
import { isRecord, sameJson, timestamp } from "./object.ts";
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from "./object.ts";

/** Who writes, when, and through which subresource. */
export interface FieldWriter {
  manager: string;
  now: Date;
  subresource?: string;
  /** Fields another subresource owns, so that this write cannot: status, but for writes of status. */
  ignore?: string;
}

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

/** Structs that are always there: becoming non-empty is not a change of the field itself. */
const plainStructs = new Set([
  "jobTemplate",
  "scaleTargetRef",
  "metadata",
  "spec",
  "status",
  "template",
  "strategy",
  "updateStrategy",
  "containers",
]);

/**
 * managedFields after `next` replaced `previous`: the paths that were added or changed belong to the writer
 * alone, removed paths to nobody. The entries of `previous` come back untouched when nothing changed.
 */
export function manageFields(
  previous: KubeObject | undefined,
  next: KubeObject,
  by: FieldWriter,
): ManagedFieldsEntry[] {
  const entries = previous?.metadata.managedFields ?? [];
  const before = previous ? owned(previous, by.ignore) : {};
  const after = owned(next, by.ignore);
  const touched = written(before, after, []);
  const removed = missing(before, after, []);
  if (isEmpty(touched) && isEmpty(removed)) return entries;

  const kept = entries.map((entry) => {
    const without = subtract(entry.fieldsV1, removed);
    return { ...entry, fieldsV1: isOwn(entry) ? without : subtract(without, touched) };
  });
  const own = kept.find(isOwn);
  const mine: ManagedFieldsEntry = {
    manager: by.manager,
    operation: "Update",
    apiVersion: next.apiVersion,
    time: timestamp(by.now),
    fieldsType: "FieldsV1",
    fieldsV1: union(own?.fieldsV1 ?? {}, touched),
    ...(by.subresource && { subresource: by.subresource }),
  };
  const left = [...kept.filter((entry) => entry !== own), mine].filter((entry) => !isEmpty(entry.fieldsV1));
  return left.sort(byTime);

  function isOwn(entry: ManagedFieldsEntry): boolean {
    const sameWay = entry.operation === "Update" && entry.apiVersion === next.apiVersion;
    return sameWay && entry.manager === by.manager && entry.subresource === by.subresource;
  }
}

/** The order the API server keeps entries in: Apply before Update, then older first, then by name. */
function byTime(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const key = (entry: ManagedFieldsEntry): string[] => {
    return [entry.operation, entry.time, entry.manager, entry.apiVersion, entry.subresource ?? ""];
  };
  const [left, right] = [key(a), key(b)];
  const first = left.findIndex((part, index) => part !== right[index]);
  return first < 0 ? 0 : left[first]! < right[first]! ? -1 : 1;
}

function owned(object: KubeObject, ignore: string | undefined): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
  if (ignore) delete rest[ignore];
  const free = Object.entries(metadata).filter(([field]) => !systemFields.has(field));
  return { ...(free.length > 0 && { metadata: Object.fromEntries(free) }), ...rest };
}

/** The paths of `to` that `from` has not, or has with another value. */
function written(from: unknown, to: unknown, path: string[]): FieldsV1 {
  const result: FieldsV1 = {};
  const before = children(from, path);
  for (const [step, child] of children(to, path) ?? []) {
    const old = before?.get(step);
    if (old && sameJson(old.value, child.value)) continue;
    const here = [...path, child.name];
    const parts = children(child.value, here);
    const wasParts = old && children(old.value, here);
    const inner = parts ? written(old?.value, child.value, here) : {};
    if (wasParts && parts?.size) {
      if (!isEmpty(inner)) result[step] = inner;
    } else {
      const whole = parts?.size && !plainStructs.has(child.name) ? { ".": {} } : {};
      result[step] = { ...whole, ...inner };
    }
  }
  return result;
}

/** The paths of `from` that `to` no longer has; a path that is gone as a whole stands for all below it. */
function missing(from: unknown, to: unknown, path: string[]): FieldsV1 {
  const result: FieldsV1 = {};
  const after = children(to, path);
  for (const [step, child] of children(from, path) ?? []) {
    const still = after?.get(step);
    if (!still) {
      result[step] = {};
    } else {
      const inner = missing(child.value, still.value, [...path, child.name]);
      if (!isEmpty(inner)) result[step] = inner;
    }
  }
  return result;
}

interface Child {
  name: string;
  value: unknown;
}

/** The parts of a value that are owned one by one, keyed by their FieldsV1 step; undefined: it is one leaf. */
function children(value: unknown, path: string[]): Map<string, Child> | undefined {
  if (isRecord(value) && !isAtomicObject(path)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
    return new Map(fields.map(([name, field]) => [`f:${name}`, { name, value: field }]));
  }
  if (!Array.isArray(value)) return undefined;
  if (isSet(path))
    return new Map(value.map((item) => [`v:${JSON.stringify(item)}`, { name: "*", value: null }]));
  const identity = listIdentity(path);
  if (!identity) return undefined;
  const keys = identity.map ?? [identity.merge];
  return new Map(
    value.filter(isRecord).map((item) => {
      const id = Object.fromEntries(keys.map((key) => [key, item[key]]));
      return [`k:${JSON.stringify(id)}`, { name: "*", value: item }];
    }),
  );
}

function isEmpty(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const steps = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(steps.map((step) => [step, union(a[step] ?? {}, b[step] ?? {})]));
}

function subtract(from: FieldsV1, gone: FieldsV1): FieldsV1 {
  const result: FieldsV1 = {};
  for (const [step, inner] of Object.entries(from)) {
    const cut = gone[step];
    if (!cut) {
      result[step] = inner;
    } else if (!isEmpty(cut)) {
      const left = subtract(inner, cut);
      if (!isEmpty(left)) result[step] = left;
    }
  }
  return result;
}
