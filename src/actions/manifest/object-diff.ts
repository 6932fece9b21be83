import { createTwoFilesPatch } from "diff";
import { stringify } from "yaml";
import { maskedHash } from "../../domain/hash.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";
import { hideValues } from "../rollout/hide-values.ts";

/** What the API server and the controllers write by themselves. */
const notOurs = [
  "managedFields",
  "resourceVersion",
  "uid",
  "generation",
  "creationTimestamp",
  "selfLink",
] as const;
const bookkeeping = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
  "deprecated.daemonset.template.generation",
];

/** What people wrote of an object, and defaults; what is there by itself is left out. */
export function written(object: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = object;
  const { annotations, ...about } = metadata as JsonObject & { annotations?: JsonObject };
  for (const field of notOurs) delete about[field];
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !bookkeeping.includes(key));
  return {
    ...rest,
    metadata: { ...about, ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }) },
  };
}

/** A Secret's contents never show, only which of them differ. */
function hideData(object: JsonObject, maskKey: string): JsonObject {
  if (object["kind"] !== "Secret") return object;
  const hidden = (data: Json): Json =>
    Object.fromEntries(
      Object.entries(data as JsonObject).map(([key, value]) => [
        key,
        `(hidden ${maskedHash(maskKey, JSON.stringify(value))})`,
      ]),
    );
  return Object.fromEntries(
    Object.entries(object).map(([field, value]) => [
      field,
      (field === "data" || field === "stringData") && value !== null ? hidden(value) : value,
    ]),
  );
}

function text(object: JsonObject | null, other: JsonObject | null, maskKey: string): string {
  if (object === null) return "";
  return stringify(hideData(hideValues(object, other ?? {}, maskKey), maskKey));
}

/** A unified diff of an object before and after, with nothing secret in it; null: they are the same. */
export function objectDiff(
  name: string,
  { before, after }: { before: JsonObject | null; after: JsonObject | null },
  maskKey: string,
): string | null {
  const [left, right] = [before && written(before), after && written(after)];
  const [from, to] = [text(left, right, maskKey), text(right, left, maskKey)];
  if (from === to) return null;
  const names = [before === null ? "nothing" : `${name}, live`, after === null ? "nothing" : `${name}, then`];
  const patch = createTwoFilesPatch(names[0]!, names[1]!, from, to, undefined, undefined, { context: 3 });
  return patch.slice(patch.indexOf("---")).trimEnd();
}
