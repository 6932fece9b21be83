import { below, items } from "./fields.ts";
import type { Fields } from "./fields.ts";
import type { KubeObject, Store } from "./store.ts";

/**
 * Gives a Service the next free address of 10.96.0.0/16, unless it is headless or has one, and its ports of
 * type NodePort and LoadBalancer the next free ports from 30000 on.
 */
export function allocateAddress(store: Store, service: KubeObject): void {
  const spec = below(service, "spec");
  if (spec["type"] === "ExternalName") return;
  if (spec["clusterIP"] === undefined) spec["clusterIP"] = freeAddress(store);
  spec["clusterIPs"] ??= [spec["clusterIP"]];
  if (spec["type"] === "ClusterIP") return;
  const taken = new Set(
    specs(store).flatMap((other) => items(other, "ports").map((port) => port["nodePort"])),
  );
  for (const port of items(spec, "ports")) {
    port["nodePort"] ??= firstFree(taken, 30_000);
    taken.add(port["nodePort"]);
  }
}

function firstFree(taken: Set<unknown>, from: number): number {
  let port = from;
  while (taken.has(port)) port += 1;
  return port;
}

function specs(store: Store): Fields[] {
  return store.list("services").map((service) => below(service, "spec"));
}

function freeAddress(store: Store): string {
  const taken = new Set(specs(store).map((spec) => spec["clusterIP"]));
  for (let number = 10; number < 2 ** 16; number += 1) {
    const address = `10.96.${number >> 8}.${number & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error("No address is left in 10.96.0.0/16 for another Service.");
}
