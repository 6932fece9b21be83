import type { ResourceCall } from "../../domain/plan.ts";

/**
 * The rights to run a program in a pod. A WebSocket is opened by a `get`; newer API servers ask for `create` as well
 * (their feature gate AuthorizePodWebsocketUpgradeCreatePermission).
 */
export function execCalls(namespace: string): Omit<ResourceCall, "cluster">[] {
  const exec = { group: "", resource: "pods", subresource: "exec", namespace };
  return [
    { verb: "get", ...exec },
    { verb: "create", ...exec },
  ];
}
