import { child } from "./fields.ts";
import type { Kind } from "./kinds.ts";
import type { FieldWriter } from "./managed-fields.ts";
import { copyJson, sameJson } from "./object.ts";
import type { KubeObject, ManagedFieldsEntry } from "./object.ts";
import { conflict } from "./status.ts";

/** Status belongs to those who write it through its subresource. */
export function fieldWriter(kind: Kind, by: FieldWriter): FieldWriter {
  const separate = kind.subresources?.includes("status") && by.subresource !== "status";
  return { ...by, ...(separate && { ignore: "status" }) };
}

/** Whether two states of an object differ in nothing, or only in when its fields were written. */
export function sameButTimes(old: KubeObject, next: KubeObject): boolean {
  const { managedFields: before = [], ...metadata } = old.metadata;
  const { managedFields: after = [], ...nextMetadata } = next.metadata;
  const untimed = (entries: ManagedFieldsEntry[]) => entries.map(({ time: _time, ...entry }) => entry);
  return (
    sameJson({ ...old, metadata }, { ...next, metadata: nextMetadata }) &&
    sameJson(untimed(before), untimed(after))
  );
}

const jobLabels = [
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
  "controller-uid",
  "job-name",
];

/** What of a new object its writer manages: the selector and labels that the server gives a Job are nobody's. */
export function authored(kind: Kind, object: KubeObject): KubeObject {
  if (kind.plural !== "jobs" || child(object, "spec")?.["manualSelector"] === true) return object;
  const copy = copyJson(object);
  const spec = child(copy, "spec") ?? {};
  delete spec["selector"];
  for (const metadata of [copy.metadata, child(child(spec, "template"), "metadata")]) {
    const labels = child(metadata, "labels") ?? {};
    for (const label of jobLabels) delete labels[label];
    if (metadata && Object.keys(labels).length === 0) delete metadata["labels"];
  }
  return copy;
}

/** metadata.generation once `next` has replaced `old`. */
export function generationAfter(kind: Kind, old: KubeObject, next: KubeObject): number | undefined {
  const generation = old.metadata.generation;
  if (!kind.generation || generation === undefined) return generation;
  const respecified = !sameJson(old["spec"], next["spec"]);
  const counted = kind.generation === "spec+annotations";
  const annotated = counted && !sameJson(old.metadata.annotations, next.metadata.annotations);
  return respecified || annotated ? generation + 1 : generation;
}

/** Throws StatusError 409 unless the object is the one a delete was meant for. */
export function checkPreconditions(
  kind: Kind,
  old: KubeObject,
  asked: { uid?: string; resourceVersion?: string },
): void {
  const { name, uid, resourceVersion } = old.metadata;
  // The API server names the kind, not the resource, in these two.
  const named = { group: kind.group, plural: kind.kind };
  if (asked.uid !== undefined && asked.uid !== uid) {
    const found = `the UID in the precondition (${asked.uid}) does not match the UID in record (${uid})`;
    throw conflict(named, name, `${found}. The object might have been deleted and then recreated`);
  }
  if (asked.resourceVersion !== undefined && asked.resourceVersion !== resourceVersion) {
    const versions = `(${asked.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion})`;
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition ${versions}. The object might have been modified`,
    );
  }
}

/** Seconds a pod gets to stop. Pods that never started or have ended go at once (source: the pod strategy of the API server). */
export function gracePeriod(pod: KubeObject, asked: number | undefined): number {
  const spec = pod["spec"] as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const phase = (pod["status"] as { phase?: string } | undefined)?.phase ?? "";
  if (!spec?.nodeName || phase === "Succeeded" || phase === "Failed") return 0;
  return asked ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** Marked for deletion, out of time, and nobody's finalizer holds it any more. */
export function isReleased({ metadata }: KubeObject): boolean {
  return metadata.deletionGracePeriodSeconds === 0 && (metadata.finalizers ?? []).length === 0;
}

export function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
