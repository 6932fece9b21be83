import { z } from "zod";
import type { Inverse } from "../../domain/plan.ts";
import type { JsonObject } from "../../engine/ports.ts";
import { fieldManager } from "../rollout/write-template.ts";
import { objectName } from "./object-writes.ts";
import { appliedFields, partOf, union } from "./owned-fields.ts";
import type { PlannedObject } from "./plan-object.ts";
import { templateOf } from "./step-state.ts";

export const FormerObject = z.strictObject({
  kind: z.string(),
  ref: z.strictObject({
    group: z.string(),
    version: z.string(),
    resource: z.string(),
    namespace: z.string().nullable(),
    name: z.string(),
  }),
  uid: z.string().nullable().describe("of the object before; null: there was none, and it is removed"),
  part: z
    .record(z.string(), z.json())
    .nullable()
    .describe("what the fields that crai wrote were before, as they are applied again"),
});
export type FormerObject = z.infer<typeof FormerObject>;

/** What would be lost for good with it, or takes others with it. */
const neverRemoved = new Set([
  "Namespace",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "StatefulSet",
  "CustomResourceDefinition",
]);

/** A workload that keeps data on a volume of its own: an older version may not read what a newer one wrote. */
function holdsData(object: JsonObject | null): boolean {
  const pod = templateOf(object)?.["spec"] as { volumes?: { persistentVolumeClaim?: unknown }[] } | undefined;
  return pod?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined) ?? false;
}

/** Why an undo leaves the object as the step made it; null: it does not. */
function staysBecause({ write, live, stored }: PlannedObject): string | null {
  const { kind } = write;
  if (kind === "StatefulSet" || holdsData(live) || holdsData(stored)) return "it holds data";
  if (neverRemoved.has(kind)) return "data may depend on it";
  // Its contents would have to be kept in crai's record.
  if (kind === "Secret" && live !== null) return "crai keeps no Secrets";
  return null;
}

function formerOf({ write, live, stored }: PlannedObject): FormerObject | null {
  const { kind, ref, uid } = write;
  if (live === null) return { kind, ref, uid: null, part: null };
  const fields = stored && appliedFields(stored, fieldManager);
  if (fields === null) return null;
  const before = appliedFields(live, fieldManager) ?? {};
  return { kind, ref, uid, part: partOf(live, union(before, fields)) };
}

/** What the undo leaves alone, and why. */
export interface Undoing {
  inverse: Inverse | null;
  stays: string[];
}

/** Puts back what was there before, last first. */
export function inverseOf(planned: readonly PlannedObject[], title: string, keep: boolean): Undoing {
  const changed = planned.filter(({ write }) => write.changes);
  const kept = changed.flatMap((one) => {
    const why = keep ? "it holds data" : staysBecause(one);
    return why === null ? [] : [`${objectName(one.write)} (${why})`];
  });
  const undone = keep ? [] : changed.filter((one) => staysBecause(one) === null);
  const objects = undone
    .map(formerOf)
    .filter((one) => one !== null)
    .toReversed();
  return {
    stays: kept,
    inverse: objects.length === 0 ? null : { action: "manifest-restore", title, with: { objects } },
  };
}
