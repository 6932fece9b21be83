import { z } from "zod";
import { digest } from "../../domain/hash.ts";
import type { Target } from "../../domain/app.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { JsonObject, ObjectRef } from "../../engine/ports.ts";

const kind = { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" };

export function policyName({ name }: Pick<Target, "name">): string {
  return `crai-quarantine-${name}`.slice(0, 253);
}

export function policyRef(target: Target): ObjectRef {
  return { ...kind, namespace: target.namespace, name: policyName(target) };
}

export function onPolicies(
  { cluster, namespace }: Target,
  verbs: readonly ("get" | "list" | "create" | "delete")[],
): ResourceCall[] {
  return verbs.map((verb) => ({ cluster, verb, ...kind, namespace }));
}

export const ListedPolicy = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.looseObject({
    podSelector: z.looseObject({}).default({}),
    policyTypes: z.array(z.string()).default([]),
    ingress: z.array(z.json()).nullish(),
    egress: z.array(z.json()).nullish(),
  }),
});

/** Of what it lets through; an empty list and none are the same to an API server. */
export function policyDigest(raw: JsonObject): string {
  const { spec } = ListedPolicy.parse(raw);
  const { podSelector, policyTypes, ingress, egress } = spec;
  return digest([podSelector, policyTypes.toSorted(), ingress ?? [], egress ?? []]);
}

export function uidOf(raw: JsonObject): string {
  return ListedPolicy.parse(raw).metadata.uid;
}
