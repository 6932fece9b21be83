import { type Target, workloadKinds } from "../../domain/app.ts";
import type { ResourceCall } from "../../domain/plan.ts";

type Verb = ResourceCall["verb"];

/** Calls on the workload itself. */
export function onWorkload(target: Target, verbs: readonly Verb[], subresource?: "scale"): ResourceCall[] {
  const { cluster, namespace, name, kind } = target;
  const resource = workloadKinds[kind].plural;
  return verbs.map((verb) => ({
    cluster,
    verb,
    group: "apps",
    resource,
    namespace,
    name,
    ...(subresource === undefined ? {} : { subresource }),
  }));
}

/** Where the workload's revisions are listed. */
export function onRevisions({ cluster, namespace, kind }: Target): ResourceCall[] {
  const resource = kind === "deployment" ? "replicasets" : "controllerrevisions";
  return [{ cluster, verb: "list", group: "apps", resource, namespace }];
}

/** Watches are not asked for: without the right to watch, crai looks every second instead. */
export function onPods({ cluster, namespace }: Target): ResourceCall[] {
  return [{ cluster, verb: "list", group: "", resource: "pods", namespace }];
}
