import { child, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import { ageColumn, column, nameColumn, specOf, statusOf, wide } from "./columns.ts";
import type { Column } from "./columns.ts";

const shortModes: Record<string, string> = {
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOnce: "RWO",
  ReadWriteOncePod: "RWOP",
};

function modes(of: Fields | undefined): string {
  const list = Array.isArray(of?.["accessModes"]) ? of["accessModes"] : [];
  return list.map((mode) => shortModes[String(mode)] ?? "").join(",");
}

function phase(object: KubeObject): string {
  return object.metadata.deletionTimestamp ? "Terminating" : textOr(statusOf(object)["phase"], "");
}

const volumeMode = wide("VolumeMode", (object) => textOr(specOf(object)["volumeMode"], "<unset>"));
const attributesClass = column("VolumeAttributesClass", (object) =>
  textOr(specOf(object)["volumeAttributesClassName"], "<unset>"),
);

export const claimColumns: Column[] = [
  nameColumn,
  column("Status", phase),
  column("Volume", (object) => textOr(specOf(object)["volumeName"], "")),
  column("Capacity", (object) =>
    specOf(object)["volumeName"] ? textOr(child(statusOf(object), "capacity")?.["storage"], "") : "",
  ),
  column("Access Modes", (object) => (specOf(object)["volumeName"] ? modes(statusOf(object)) : "")),
  column("StorageClass", (object) => textOr(specOf(object)["storageClassName"], "")),
  attributesClass,
  ageColumn,
  volumeMode,
];

export const volumeColumns: Column[] = [
  nameColumn,
  column("Capacity", (object) => textOr(child(specOf(object), "capacity")?.["storage"], "")),
  column("Access Modes", (object) => modes(specOf(object))),
  column("Reclaim Policy", (object) => textOr(specOf(object)["persistentVolumeReclaimPolicy"], "")),
  column("Status", phase),
  column("Claim", (object) => {
    const claim = child(specOf(object), "claimRef");
    return claim ? `${textOr(claim["namespace"], "")}/${textOr(claim["name"], "")}` : "";
  }),
  column("StorageClass", (object) => textOr(specOf(object)["storageClassName"], "")),
  attributesClass,
  column("Reason", (object) => textOr(statusOf(object)["reason"], "")),
  ageColumn,
  volumeMode,
];

export const storageClassColumns: Column[] = [
  column("Name", ({ metadata }) => {
    const byDefault = metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
    return byDefault ? `${metadata.name} (default)` : metadata.name;
  }),
  column("Provisioner", (object) => textOr(object["provisioner"], "")),
  column("ReclaimPolicy", (object) => textOr(object["reclaimPolicy"], "Delete")),
  column("VolumeBindingMode", (object) => textOr(object["volumeBindingMode"], "Immediate")),
  column("AllowVolumeExpansion", (object) => textOr(object["allowVolumeExpansion"], "false")),
  ageColumn,
];

export const ingressClassColumns: Column[] = [
  nameColumn,
  column("Controller", (object) => textOr(specOf(object)["controller"], "")),
  column("Parameters", (object) => {
    const parameters = child(specOf(object), "parameters");
    if (!parameters) return "<none>";
    const group = textOr(parameters["apiGroup"], "");
    return `${textOr(parameters["kind"], "")}${group && `.${group}`}/${textOr(parameters["name"], "")}`;
  }),
  ageColumn,
];

export const policyColumns: Column[] = [
  nameColumn,
  column("Validations", (object) => {
    const { validations } = specOf(object);
    return Array.isArray(validations) ? validations.length : 0;
  }),
  column("ParamKind", (object) => {
    const kind = child(specOf(object), "paramKind");
    return kind ? `${textOr(kind["apiVersion"], "")}/${textOr(kind["kind"], "")}` : "<unset>";
  }),
  ageColumn,
];

export const policyBindingColumns: Column[] = [
  nameColumn,
  column("PolicyName", (object) => textOr(specOf(object)["policyName"], "")),
  column("ParamRef", (object) => textOr(child(specOf(object), "paramRef")?.["name"], "<unset>")),
  ageColumn,
];
