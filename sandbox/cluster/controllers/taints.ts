import type { Node, PodSpec, Toleration } from "./objects.ts";

type Taint = NonNullable<Node["spec"]["taints"]>[number];

function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

/** A cordoned node carries this taint in effect, whether or not it is written. */
const cordoned: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

export function untoleratedTaint(spec: PodSpec, node: Node): Taint | undefined {
  const taints = [...(node.spec.taints ?? []), ...(node.spec.unschedulable ? [cordoned] : [])];
  return taints.find(
    (taint) =>
      taint.effect !== "PreferNoSchedule" &&
      !(spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );
}

export function fitsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  return selected && !untoleratedTaint(spec, node);
}
