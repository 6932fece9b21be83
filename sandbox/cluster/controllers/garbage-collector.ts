import { kinds } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import type { Controller, Workbench } from "./controller.ts";

/** Kinds that are owned in practice, and may own. */
const owned = ["pods", "replicasets", "controllerrevisions", "endpointslices", "endpoints", "jobs"];

/** Deletes what has owners of which none exists any more. Keys are the UIDs of owners. */
export const garbageCollector: Controller = {
  observe(_plural, object, add, type) {
    if (type === "DELETED") add(object.metadata.uid ?? "");
    if (type === "ADDED") for (const { uid } of object.metadata.ownerReferences ?? []) add(uid);
  },
  reconcile,
};

function reconcile(bench: Workbench, uid: string): void {
  for (const plural of owned) {
    for (const object of bench.store.list(plural)) {
      const references = object.metadata.ownerReferences ?? [];
      if (!references.some((reference) => reference.uid === uid)) continue;
      if (references.some((reference) => exists(bench, object, reference))) continue;
      bench.store.delete(plural, object.metadata.namespace, object.metadata.name, bench.by());
    }
  }
}

function exists(
  bench: Workbench,
  dependent: KubeObject,
  { kind, name, uid }: { kind: string; name: string; uid: string },
): boolean {
  const found = kinds.find((one) => one.kind === kind);
  // An owner of a kind that is not served here cannot be looked up: keep the object.
  if (!found) return true;
  const namespace = found.namespaced ? dependent.metadata.namespace : undefined;
  return bench.store.get(found.plural, namespace, name)?.metadata.uid === uid;
}
