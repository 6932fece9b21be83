import type { ResourceCall } from "../../domain/plan.ts";

export function onNode(cluster: string, name: string, verbs: readonly ("get" | "patch")[]): ResourceCall[] {
  return verbs.map((verb) => ({ cluster, verb, group: "", resource: "nodes", namespace: null, name }));
}
