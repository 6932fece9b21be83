import { child } from "./fields.ts";
import { decodeObject } from "./body.ts";
import type { Answer, ResourceCall } from "./http.ts";
import type { Kind } from "./kinds.ts";
import { isRecord } from "./object.ts";
import type { KubeObject } from "./object.ts";
import { applyPatch } from "./patch/apply.ts";
import { badRequest, invalid, notFound, StatusError } from "./status.ts";
import type { Store } from "./store.ts";
import { selectorText } from "./tables/columns.ts";
import { checkCount } from "./validate/workloads.ts";
import { writerOf } from "./write.ts";

/** GET, PUT and PATCH of `…/scale`, an autoscaling/v1 Scale over the workload's replicas. */
export function answerScale(store: Store, call: ResourceCall, kind: Kind): Answer {
  const named = call.verb === "get" ? { ...kind, plural: `${kind.plural}/scale` } : kind;
  const { name = "", namespace } = call.target;
  const object = store.get(kind.plural, namespace, name);
  if (!object) throw notFound(named, name);
  const scale = scaleOf(object);
  if (call.verb === "get") return { code: 200, body: scale };
  const wanted =
    call.verb === "patch"
      ? applyPatch(scale, call.headers["content-type"], call.body.toString("utf8"))
      : decodeObject(call, "Scale");
  const spec = isRecord(wanted["spec"]) ? wanted["spec"] : {};
  const metadata = isRecord(wanted["metadata"]) ? wanted["metadata"] : {};
  const replicas = spec["replicas"] ?? 0;
  if (!Number.isInteger(replicas)) {
    const why = `json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`;
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: ${why}`);
  }
  const causes = checkCount("spec.replicas", replicas);
  if (causes.length > 0) throw invalid({ group: "autoscaling", kind: "Scale" }, object.metadata.name, causes);
  const next = structuredClone(object);
  next["spec"] = { ...child(object, "spec"), replicas };
  next.metadata.resourceVersion = expectedVersion(metadata, object);
  return { code: 200, body: scaleOf(store.update(kind.plural, next, writerOf(call))) };
}

function expectedVersion(metadata: Record<string, unknown>, object: KubeObject): string {
  const version = metadata["resourceVersion"];
  return typeof version === "string" && version !== "" ? version : object.metadata.resourceVersion!;
}

function scaleOf(object: KubeObject): Record<string, unknown> {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = child(object, "spec") ?? {};
  const replicas = child(object, "status")?.["replicas"] ?? 0;
  if (!isRecord(spec["selector"])) throw new StatusError(500, "InternalError", `${name} has no selector`);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // Written only when there are some: the type says omitempty.
    spec: spec["replicas"] ? { replicas: spec["replicas"] } : {},
    status: { replicas, selector: selectorText(spec["selector"]) },
  };
}
