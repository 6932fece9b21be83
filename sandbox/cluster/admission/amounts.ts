import { canonicalQuantity } from "../defaults/quantity.ts";
import { child, items } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import { parseQuantity } from "../kubelet/quantity.ts";

/** A quantity as a number; what is none counts as 0, validation has refused it before. */
export function amountOf(quantity: unknown): number {
  const canonical = canonicalQuantity(quantity);
  try {
    return typeof canonical === "string" ? parseQuantity(canonical) : 0;
  } catch {
    return 0;
  }
}

const inBytes = /memory|storage/;

/** An amount of a resource as Kubernetes writes it: bytes in powers of 1024 where they are. */
export function amountText(resource: string, amount: number): string {
  const rounded = Math.round(amount * 1e9) / 1e9;
  const binary = inBytes.test(resource) && rounded > 0 && rounded % 1024 === 0;
  return String(canonicalQuantity(binary ? `${rounded / 1024}Ki` : String(rounded)));
}

export type Part = "requests" | "limits";

/**
 * What a pod asks of a resource: all its containers, or its largest init container when that is more
 * (source: the pod overhead and init container rules of the scheduler).
 */
export function podAmount(pod: KubeObject, part: Part, resource: string): number {
  const spec = child(pod, "spec");
  const of = (container: Fields) => amountOf(child(child(container, "resources"), part)?.[resource]);
  const main = items(spec, "containers").reduce((sum, container) => sum + of(container), 0);
  return Math.max(main, ...items(spec, "initContainers").map(of));
}
