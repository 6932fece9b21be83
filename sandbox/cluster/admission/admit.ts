import { storedKind } from "../kinds.ts";
import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";
import { applyDefaultClass } from "./default-classes.ts";
import { applyLimitRanges, checkLimitRanges } from "./limit-ranges.ts";
import { checkQuotas } from "./quota.ts";

/** What admission changes in a new object before it is validated. */
export function admitMutating(store: Store, plural: string, object: KubeObject): void {
  if (plural === "pods") applyLimitRanges(store, object);
  applyDefaultClass(store, plural, object);
}

/** What may refuse a valid new object: throws StatusError 403. */
export function admitValidating(store: Store, kind: Kind, object: KubeObject): void {
  if (!kind.namespaced) return;
  if (kind.plural === "pods") checkLimitRanges(store, kind, object);
  checkQuotas(store, kind, object);
}

/** Both, for the pods that controllers make. */
export function admitPod(store: Store, pod: KubeObject): void {
  admitMutating(store, "pods", pod);
  admitValidating(store, storedKind("pods")!, pod);
}
