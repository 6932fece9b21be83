import type { Store } from "../store.ts";
import { fateOf } from "./fates.ts";

const withdrawn = new WeakMap<Store, Set<string>>();

/** Takes an image out of the registry: what runs goes on, and no new container can be made of it. */
export function withdrawImage(store: Store, image: string): void {
  withdrawn.set(store, (withdrawn.get(store) ?? new Set<string>()).add(image));
}

/** Whether no registry has it. */
export function isMissing(store: Store, image: string): boolean {
  return fateOf(image) === "nopull" || withdrawn.get(store)?.has(image) === true;
}
