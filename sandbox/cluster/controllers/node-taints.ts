import { timestamp } from "../object.ts";
import type { Controller } from "./controller.ts";
import type { Node } from "./objects.ts";

const key = "node.kubernetes.io/unschedulable";

/** Writes the taint of a cordoned node, and takes it away again. */
export const nodeLifecycleController: Controller = {
  observe(plural, object, add) {
    if (plural === "nodes") add(object.metadata.name);
  },
  reconcile(bench, name) {
    const node = bench.store.get("nodes", undefined, name) as Node | undefined;
    if (!node) return;
    const taints = node.spec?.taints ?? [];
    const others = taints.filter((taint) => taint.key !== key);
    const cordoned = node.spec.unschedulable === true;
    if (cordoned === taints.length > others.length) return;
    const added = { effect: "NoSchedule", key, timeAdded: timestamp(bench.now()) };
    const { taints: _before, ...spec } = node.spec;
    const next = cordoned ? [...others, added] : others;
    const written = { ...spec, ...(next.length > 0 && { taints: next }) };
    bench.store.update("nodes", { ...node, spec: written }, bench.by());
  },
};
