import { amountOf } from "../admission/amounts.ts";
import { child, textOr } from "../fields.ts";
import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

export function checkClaim(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const modes = Array.isArray(spec["accessModes"]) ? spec["accessModes"].map(String) : [];
  const wanted = textOr(child(child(spec, "resources"), "requests")?.["storage"], "");
  const unknown = modes.find((mode) => !accessModes.includes(mode));
  const supported = accessModes.map((mode) => `"${mode}"`).join(", ");
  return [
    ...(modes.length === 0
      ? [cause("spec.accessModes", "Required value", "at least 1 access mode is required")]
      : []),
    ...(unknown === undefined
      ? []
      : [cause("spec.accessModes", "Unsupported value", `"${unknown}": supported values: ${supported}`)]),
    ...(wanted === "" ? [cause("spec.resources[storage]", "Required value", "")] : []),
    ...(wanted !== "" && amountOf(wanted) <= 0
      ? [cause("spec.resources[storage]", "Invalid value", `"${wanted}": must be greater than zero`)]
      : []),
    ...(old ? changes(spec, old) : []),
  ];
}

/** Of a claim's spec only the request may change, and never below what it has. */
function changes(spec: Record<string, unknown>, old: KubeObject): StatusCause[] {
  const before = child(old, "spec") ?? {};
  // The controller, and nobody else, names the volume.
  const fixed = ({ resources: _resources, volumeName: _volume, ...rest }: Record<string, unknown>) => rest;
  const storage = (of: Record<string, unknown>) =>
    amountOf(child(child(of, "resources"), "requests")?.["storage"]);
  const capacity = amountOf(child(child(old, "status"), "capacity")?.["storage"]);
  const smaller = storage(spec) < storage(before) && storage(spec) < capacity;
  const only =
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
  return [
    ...(sameJson(fixed(spec), fixed(before)) ? [] : [cause("spec", "Forbidden", only)]),
    ...(smaller
      ? [cause("spec.resources.requests.storage", "Forbidden", "field can not be less than status.capacity")]
      : []),
  ];
}
