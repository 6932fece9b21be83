import { children, owned } from "./field-tree.ts";
import { isEmpty, subtract, union } from "./fields-v1.ts";
import { sameJson, timestamp } from "./object.ts";
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from "./object.ts";

/** Who writes, when, and through which subresource. */
export interface FieldWriter {
  manager: string;
  now: Date;
  subresource?: string;
  /** Fields another subresource owns, so that this write cannot: status, but for writes of status. */
  ignore?: string;
  /** Who manages what before this write, where the client says so; else what the object itself says. */
  entries?: ManagedFieldsEntry[];
}

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
  const entries = by.entries ?? previous?.metadata.managedFields ?? [];
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
    // The API server keeps no time of writes through the scale subresource.
    ...(by.subresource !== "scale" && { time: timestamp(by.now) }),
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
export function byTime(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  const key = (entry: ManagedFieldsEntry): string[] => {
    return [entry.operation, entry.time ?? "", entry.manager, entry.apiVersion, entry.subresource ?? ""];
  };
  const [left, right] = [key(a), key(b)];
  const first = left.findIndex((part, index) => part !== right[index]);
  return first < 0 ? 0 : left[first]! < right[first]! ? -1 : 1;
}

/** The paths of `to` that `from` has not, or has with another value. */
export function written(from: unknown, to: unknown, path: string[]): FieldsV1 {
  const result: FieldsV1 = {};
  const before = children(from, path);
  for (const [step, child] of children(to, path) ?? []) {
    const old = before?.get(step);
    if (old && sameJson(old.value, child.value)) continue;
    const here = [...path, child.name];
    const parts = children(child.value, here);
    if (isBlank(child.name, parts)) continue;
    const wasParts = old && children(old.value, here);
    const inner = parts ? written(old?.value, child.value, here) : {};
    if (wasParts && parts?.size) {
      if (!isEmpty(inner)) result[step] = inner;
    } else {
      result[step] = { ...itself(child.name, parts), ...inner };
    }
  }
  return result;
}

/** A struct or map with something in it is owned beside what is in it, if it is one that comes and goes. */
function itself(name: string, parts: Map<string, unknown> | undefined): FieldsV1 {
  return parts?.size && !plainStructs.has(name) ? { ".": {} } : {};
}

/** The metadata of a template in which nobody has written anything. */
function isBlank(name: string, parts: Map<string, unknown> | undefined): boolean {
  return name === "metadata" && parts?.size === 0;
}

/** The paths of `from` that `to` no longer has; a path that is gone as a whole stands for all below it. */
export function missing(from: unknown, to: unknown, path: string[]): FieldsV1 {
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
