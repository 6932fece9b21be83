import { applyOperation, JsonPatchError, unescapePathComponent } from "fast-json-patch";
import type { Operation } from "fast-json-patch";
import { isRecord } from "../object.ts";
import { StatusError } from "../status.ts";

/**
 * JSON Patch, RFC 6902, as the API server has it: `replace` of a member that is not there adds it, as long as
 * its parent exists. Throws StatusError 422 when an operation does not apply. Does not change the target.
 */
export function jsonPatch(target: object, patch: unknown[]): unknown {
  let document: unknown = structuredClone(target);
  for (const operation of patch) {
    try {
      const next = lenient(document, operation as Operation);
      document = applyOperation(document, next, true, false).newDocument;
    } catch (error) {
      if (error instanceof JsonPatchError) throw rejected();
      throw error;
    }
  }
  return document;
}

function rejected(): StatusError {
  return new StatusError(
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
    {},
  );
}

function lenient(document: unknown, operation: Operation): Operation {
  if (!isRecord(operation)) throw rejected();
  if (operation.op !== "replace" || typeof operation.path !== "string") return operation;
  const steps = operation.path.split("/").slice(1).map(unescapePathComponent);
  const last = steps.pop();
  const parent = steps.reduce<unknown>(
    (at, step) => (isRecord(at) || Array.isArray(at) ? at[step as never] : undefined),
    document,
  );
  const absent = isRecord(parent) && last !== undefined && !Object.hasOwn(parent, last);
  return absent ? { ...operation, op: "add" } : operation;
}
