import type { Kind } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkKey, checkLabels, checkName } from "./names.ts";
import type { NameFormat } from "./names.ts";

const nameFormats: Record<string, NameFormat> = { namespaces: "label", services: "service" };
/** RBAC names may be almost anything ("system:masters"). */
const pathNames = new Set(["clusterroles", "clusterrolebindings", "roles", "rolebindings"]);

export function checkMetadata(kind: Kind, object: KubeObject): StatusCause[] {
  const { name, labels, annotations } = object.metadata;
  return [
    ...(name
      ? checkObjectName(kind, name)
      : [cause("metadata.name", "Required value", "name or generateName is required")]),
    ...checkLabels("metadata.labels", labels),
    ...Object.keys(annotations ?? {}).flatMap((key) => checkKey("metadata.annotations", key)),
  ];
}

function checkObjectName(kind: Kind, name: string): StatusCause[] {
  if (!pathNames.has(kind.plural))
    return checkName("metadata.name", name, nameFormats[kind.plural] ?? "subdomain");
  const bad = ["/", "%"].find((part) => name.includes(part));
  return bad
    ? [cause("metadata.name", "Invalid value", `${JSON.stringify(name)}: may not contain '${bad}'`)]
    : [];
}
