import { child } from "../fields.ts";
import { sameJson } from "../object.ts";
import type { Controller } from "./controller.ts";
import { keyOf, splitKey } from "./ownership.ts";

/** Which classes the practice cluster's ingress controller serves. */
export const ingressController = "k8s.io/ingress-nginx";

/** Where it can be reached from outside. */
export const ingressAddress = "10.0.0.80";

/** Gives the Ingresses of its classes an address, and takes it from those that are no longer of one. */
export const ingressAddresses: Controller = {
  observe(plural, object, add, type) {
    if (plural === "ingresses" && type !== "DELETED") add(keyOf(object));
    if (plural === "ingressclasses") add("*/*");
  },
  reconcile(bench, key) {
    const { store } = bench;
    const ingresses = key === "*/*" ? store.list("ingresses") : [store.get("ingresses", ...splitKey(key))];
    for (const ingress of ingresses) {
      if (!ingress) continue;
      const name = child(ingress, "spec")?.["ingressClassName"];
      const served = typeof name === "string" && store.get("ingressclasses", undefined, name);
      const mine = served && child(served, "spec")?.["controller"] === ingressController;
      const before = child(child(ingress, "status"), "loadBalancer") ?? {};
      // What another controller has said of its own Ingresses stays.
      if (!mine && !sameJson(before, addressed)) continue;
      const loadBalancer = mine ? addressed : {};
      if (sameJson(before, loadBalancer)) continue;
      const by = { ...bench.by(), manager: "nginx-ingress-controller" };
      const written = store.updateStatus("ingresses", { ...ingress, status: { loadBalancer } }, by);
      if (mine) bench.record(written, { type: "Normal", reason: "Sync", message: "Scheduled for sync" });
    }
  },
};

const addressed = { ingress: [{ ip: ingressAddress }] };
