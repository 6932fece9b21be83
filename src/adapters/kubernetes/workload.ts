import { type Target, workloadKinds } from "../../domain/app.ts";
import type { JsonObject, Workload } from "../../engine/ports.ts";
import type { Call } from "./resource-path.ts";
import { WorkloadObject } from "./shapes.ts";

export function workloadCall(verb: Call["verb"], target: Target, subresource?: "scale"): Call {
  return {
    verb,
    group: "apps",
    resource: workloadKinds[target.kind].plural,
    namespace: target.namespace,
    name: target.name,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

export function toWorkload(target: Target, raw: JsonObject): Workload {
  const { metadata, spec, status } = WorkloadObject.parse(raw);
  return {
    target,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    raw,
    template: spec.template,
    annotations: metadata.annotations,
    paused: spec.paused,
    replicas: target.kind === "daemonset" ? status.desiredNumberScheduled : (spec.replicas ?? 1),
  };
}
