import type { ManagedFieldsEntry } from "../object.ts";
import { StatusError } from "../status.ts";

export interface FieldConflict {
  entry: ManagedFieldsEntry;
  paths: string[];
}

/** The 409 of an apply that would change what other managers own, in the API server's words. */
export function applyConflict(conflicts: FieldConflict[]): StatusError {
  const named = conflicts
    .map(({ entry, paths }) => ({ who: whoOf(entry), paths }))
    .sort((a, b) => (a.who < b.who ? -1 : 1));
  const causes = named.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${who}`, field })),
  );
  const text =
    causes.length === 1
      ? `${causes[0]!.message}: ${causes[0]!.field}`
      : named
          .map(({ who, paths }) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)].join("\n"))
          .join("\n");
  const count = `${causes.length} conflict${causes.length === 1 ? "" : "s"}`;
  return new StatusError(409, "Conflict", `Apply failed with ${count}: ${text}`, { causes });
}

function whoOf({ manager, operation, apiVersion, subresource }: ManagedFieldsEntry): string {
  const where = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  const how = operation === "Update" ? ` using ${apiVersion}` : "";
  return `${JSON.stringify(manager)}${where}${how}`;
}
