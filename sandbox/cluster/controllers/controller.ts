import type { KubeObject } from "../object.ts";
import type { Store, WatchEvent, Writer } from "../store.ts";
import { createRecorder } from "./events.ts";
import type { Recorder } from "./events.ts";
import { keyOf } from "./ownership.ts";
import type { Timing } from "../kubelet/timing.ts";
import { createWorkQueue } from "./work-queue.ts";

/** What a controller works with: the objects, the clock, its voice, and a later look at the same key. */
export interface Workbench {
  store: Store;
  now: () => Date;
  by: () => Writer;
  record: Recorder;
  again: (key: string, ms: number) => void;
  timing: Timing;
}

export interface Controller {
  /** Sees each change; the keys it should reconcile go to `add`. */
  observe(plural: string, object: KubeObject, add: (key: string) => void, type: WatchEvent["type"]): void;
  reconcile(bench: Workbench, key: string): void;
}

export interface RunningController {
  observe(plural: string, event: Pick<WatchEvent, "type" | "object">): void;
  close(): void;
}

export function runController(
  name: string,
  controller: Controller,
  { store, now, timing }: { store: Store; now: () => Date; timing: Timing },
): RunningController {
  const queue = createWorkQueue(name, (key) => controller.reconcile(bench, key));
  const bench: Workbench = {
    store,
    now,
    by: () => ({ manager: "kube-controller-manager", now: now() }),
    record: createRecorder(store, now, { component: name }),
    again: queue.addAfter,
    timing,
  };
  return {
    observe: (plural, { type, object }) => controller.observe(plural, object, queue.add, type),
    close: queue.close,
  };
}

/** Adds the object itself when it is of the plural, or its controller when it is owned by such a kind. */
export function addSelfOrController(
  object: KubeObject,
  { isSelf, ownerKind }: { isSelf: boolean; ownerKind: string },
  add: (key: string) => void,
): void {
  if (isSelf) add(keyOf(object));
  for (const owner of object.metadata.ownerReferences ?? []) {
    if (owner.kind === ownerKind && owner.controller) add(`${object.metadata.namespace}/${owner.name}`);
  }
}
