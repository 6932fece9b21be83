import { child } from "../fields.ts";
import type { Kind } from "../kinds.ts";
import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { badRequest } from "../status.ts";

const numbers = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
const workloads = new Set(["deployments", "replicasets", "statefulsets", "daemonsets"]);

/** Throws StatusError 400 where a field people write by hand has a value of the wrong JSON type. */
export function checkTypes(kind: Kind, object: KubeObject): void {
  const spec = child(object, "spec");
  if (!spec || !workloads.has(kind.plural)) return;
  for (const field of numbers) {
    const value = spec[field];
    if (value !== undefined && value !== null && !Number.isInteger(value))
      throw wrong(kind, `spec.${field}`, value, "int32");
  }
  const { paused } = spec;
  if (paused !== undefined && paused !== null && typeof paused !== "boolean") {
    throw wrong(kind, "spec.paused", paused, "bool");
  }
}

function wrong(kind: Kind, path: string, value: unknown, type: string): Error {
  const struct = `${kind.kind}Spec.${path}`;
  const got = Array.isArray(value) ? "array" : isRecord(value) ? "object" : typeof value;
  const why = `json: cannot unmarshal ${got} into Go struct field ${struct} of type ${type}`;
  return badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`);
}
