import { mediaType, parseJson } from "../body.ts";
import { isRecord } from "../object.ts";
import { badRequest, StatusError } from "../status.ts";
import { jsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMerge } from "./strategic-merge.ts";

/** Applies a PATCH body by its Content-Type; throws StatusError 400, 415 or 422. */
export function applyPatch(
  target: object,
  contentType: string | undefined,
  body: string,
): Record<string, unknown> {
  const patched = patchers[mediaType(contentType)]?.(target as Record<string, unknown>, body);
  if (patched === undefined)
    throw new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  if (!isRecord(patched)) throw badRequest("the patched document is not an object");
  return patched;
}

const patchers: Record<string, (target: Record<string, unknown>, body: string) => unknown> = {
  "application/json-patch+json": (target, body) => {
    const patch = parseJson(body, "error decoding patch: ");
    if (Array.isArray(patch)) return jsonPatch(target, patch);
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${goType(patch)} into Go value of type []handlers.jsonPatchOp`,
    );
  },
  "application/merge-patch+json": (target, body) =>
    mergePatch(target, objectOf(body, "error decoding patch: ")),
  "application/strategic-merge-patch+json": (target, body) => strategicMerge(target, objectOf(body, "")),
};

function objectOf(body: string, what: string): Record<string, unknown> {
  const patch = parseJson(body, what);
  if (isRecord(patch)) return patch;
  throw badRequest(
    `${what}json: cannot unmarshal ${goType(patch)} into Go value of type map[string]interface {}`,
  );
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return isRecord(value) ? "object" : typeof value;
}
