import { owned, systemMetadata } from "../field-tree.ts";
import { intersect, isEmpty, pathsOf, subtract, union } from "../fields-v1.ts";
import { byTime, missing, written } from "../managed-fields.ts";
import { copyJson, timestamp } from "../object.ts";
import type { FieldsV1, KubeObject, ManagedFieldsEntry } from "../object.ts";
import { appliedSet } from "./applied-set.ts";
import { applyConflict } from "./conflict.ts";
import { mergeApplied, prune } from "./merge.ts";

export interface Applier {
  manager: string;
  now: Date;
  /** Take the fields that others manage instead of refusing. */
  force: boolean;
  subresource?: string;
  /** Fields it may take without force. */
  allowed?: FieldsV1;
}

export interface Applied {
  object: KubeObject;
  managedFields: ManagedFieldsEntry[];
}

/**
 * Server-side apply of a manifest to the live object, or to nothing yet: its fields are merged in and belong to the
 * manager, fields it stated before and nobody states now go, and changing what others manage is a conflict.
 * Throws StatusError 409 and NotTyped. Source: "Server-Side Apply" in the Kubernetes documentation.
 */
export function serverSideApply(live: KubeObject | undefined, config: KubeObject, by: Applier): Applied {
  const ignore = by.subresource === "status" ? undefined : "status";
  const stated = owned(config, ignore);
  const base = live ?? {
    apiVersion: config.apiVersion,
    kind: config.kind,
    metadata: copyJson(identityOf(config)),
  };
  const entries = live ? (live.metadata.managedFields ?? [unnamed(live, by.now)]) : [];
  const own = entries.find(isOwn);
  const others = entries.filter((entry) => entry !== own);
  const set = appliedSet(stated);
  const everybody = others.reduce((all, { fieldsV1 }) => union(all, fieldsV1), set);

  const before = owned(base, ignore);
  const together = mergeApplied(copyJson(before), stated) as Record<string, unknown>;
  const after = (own ? prune(together, own.fieldsV1, everybody) : together) as Record<string, unknown>;
  const changed = written(before, after, []);
  const removed = missing(before, after, []);
  const conflicts = others
    .map((entry) => ({ entry, fields: intersect(entry.fieldsV1, changed) }))
    .filter(({ fields }) => !isEmpty(fields));
  const refused = conflicts
    .map(({ entry, fields }) => ({ entry, paths: pathsOf(subtract(fields, by.allowed ?? {})) }))
    .filter(({ paths }) => paths.length > 0);
  if (refused.length > 0 && !by.force) throw applyConflict(refused);

  const lost = new Map(conflicts.map(({ entry, fields }) => [entry, fields]));
  const kept = others.map((entry) => ({ ...entry, fieldsV1: left(entry) }));
  const same = isEmpty(changed) && isEmpty(removed);
  const time = same ? own?.time : timestamp(by.now);
  const mine: ManagedFieldsEntry = {
    manager: by.manager,
    operation: "Apply",
    apiVersion: config.apiVersion,
    ...(time && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: set,
    ...(by.subresource && { subresource: by.subresource }),
  };
  const managedFields = [...kept, mine].filter((entry) => !isEmpty(entry.fieldsV1)).sort(byTime);
  const { apiVersion, kind } = config;
  const metadata = { ...systemMetadata(base), ...(after["metadata"] as object | undefined) };
  const unowned = ignore && base[ignore] !== undefined ? { [ignore]: base[ignore] } : {};
  return { object: { ...after, ...unowned, apiVersion, kind, metadata }, managedFields };

  function isOwn(entry: ManagedFieldsEntry): boolean {
    return (
      entry.operation === "Apply" && entry.manager === by.manager && entry.subresource === by.subresource
    );
  }

  function left(entry: ManagedFieldsEntry): FieldsV1 {
    const unforced = subtract(entry.fieldsV1, lost.get(entry) ?? {});
    return subtract(unforced, removed);
  }
}

/** Whoever wrote an object that names nobody, under the name the API server has for them. */
function unnamed(live: KubeObject, now: Date): ManagedFieldsEntry {
  return {
    manager: "before-first-apply",
    operation: "Update",
    apiVersion: live.apiVersion,
    time: timestamp(now),
    fieldsType: "FieldsV1",
    fieldsV1: written({}, owned(live, undefined), []),
  };
}

function identityOf({ metadata: { name, namespace } }: KubeObject): KubeObject["metadata"] {
  return { name, ...(namespace && { namespace }) };
}

/** The paths of `applied` (a manifest) whose values `live` still has. */
export function stillAsApplied(applied: KubeObject, live: KubeObject): FieldsV1 {
  const [then, now] = [owned(applied, "status"), owned(live, "status")];
  return subtract(subtract(appliedSet(then), written(now, then, [])), missing(then, now, []));
}
