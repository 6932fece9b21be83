import { z } from "zod";
import type { JsonObject } from "../../engine/ports.ts";

const Entry = z.object({
  manager: z.string().default("unknown"),
  operation: z.string().default("Update"),
  time: z.string().default(""),
  subresource: z.string().optional(),
  fieldsV1: z.record(z.string(), z.unknown()).default({}),
});

export interface FieldOwner {
  manager: string;
  operation: string;
  /** ISO 8601 with whole seconds; empty where the server kept none, as through the scale subresource. */
  time: string;
  subresource: string | undefined;
}

const Managed = z.object({
  metadata: z.object({ managedFields: z.array(Entry).default([]) }),
});

function owns(fields: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  const inner = (fields as Record<string, unknown> | null)?.[`f:${first}`];
  return inner !== undefined && owns(inner, rest);
}

/** Who has written below a path (`spec`, `template`), latest first, as the API server keeps it in managedFields. */
export function ownersOf(raw: JsonObject, ...path: string[]): FieldOwner[] {
  return Managed.parse(raw)
    .metadata.managedFields.filter(({ fieldsV1 }) => owns(fieldsV1, path))
    .map(({ manager, operation, time, subresource }) => ({ manager, operation, time, subresource }))
    .sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
}

/** Who wrote to the object last, its status aside, for people. */
export function lastManager(raw: JsonObject): string {
  const owner = ownersOf(raw).find(({ subresource }) => subresource === undefined);
  return owner === undefined ? "somebody" : `${owner.manager}${owner.time === "" ? "" : ` at ${owner.time}`}`;
}

/** Everybody who has written any part of the object. */
export function allOwners(raw: JsonObject): FieldOwner[] {
  return ownersOf(raw);
}
