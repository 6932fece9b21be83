import { below } from "./fields.ts";
import type { KubeObject, Store } from "./store.ts";

/** Gives a new Service the next free address of 10.96.0.0/16, unless it is headless or has one. */
export function allocateAddress(store: Store, service: KubeObject): void {
  const spec = below(service, "spec");
  if (spec["type"] === "ExternalName") return;
  if (spec["clusterIP"] === undefined) spec["clusterIP"] = freeAddress(store);
  spec["clusterIPs"] ??= [spec["clusterIP"]];
}

function freeAddress(store: Store): string {
  const taken = new Set(store.list("services").map((service) => below(service, "spec")["clusterIP"]));
  for (let number = 10; number < 2 ** 16; number += 1) {
    const address = `10.96.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error("No address is left in 10.96.0.0/16 for another Service.");
}
