import { child } from "../fields.ts";
import { goText } from "../go-print.ts";
import type { Kind } from "../kinds.ts";
import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { badRequest, cause, invalid } from "../status.ts";

const numbers = ["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"];
const workloads = new Set(["deployments", "replicasets", "statefulsets", "daemonsets"]);

/** Throws StatusError 400 where a field people write by hand has a value of the wrong JSON type. */
export function checkTypes(kind: Kind, object: KubeObject): void {
  const wrong = wrongType(kind, object);
  if (!wrong) return;
  const what = `${kind.kind} in version "${kind.version}"`;
  throw badRequest(`${what} cannot be handled as a ${kind.kind}: ${wrong.unmarshal}`);
}

/** The same for the outcome of a patch: 422, and a strategic patch is refused in words of its own. */
export function checkPatchedTypes(kind: Kind, patched: KubeObject, strategicPatch: string | undefined): void {
  const wrong = wrongType(kind, patched);
  if (!wrong) return;
  const [value, why] = strategicPatch
    ? [goText(JSON.parse(strategicPatch)), `unrecognized type: ${wrong.type}`]
    : [JSON.stringify(patched), wrong.unmarshal];
  throw invalid({ group: "", kind: "" }, "", [
    cause("patch", "Invalid value", `${JSON.stringify(value)}: ${why}`),
  ]);
}

interface WrongType {
  type: string;
  unmarshal: string;
}

function wrongType(kind: Kind, object: KubeObject): WrongType | undefined {
  const spec = child(object, "spec");
  if (!spec || !workloads.has(kind.plural)) return undefined;
  const number = numbers.find((field) => !isAbsent(spec[field]) && !Number.isInteger(spec[field]));
  if (number) return described(kind, `spec.${number}`, spec[number], "int32");
  const { paused } = spec;
  return isAbsent(paused) || typeof paused === "boolean"
    ? undefined
    : described(kind, "spec.paused", paused, "bool");
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function described(kind: Kind, path: string, value: unknown, type: string): WrongType {
  const got = Array.isArray(value) ? "array" : isRecord(value) ? "object" : typeof value;
  const field = `${kind.kind}Spec.${path}`;
  return { type, unmarshal: `json: cannot unmarshal ${got} into Go struct field ${field} of type ${type}` };
}
