import fastJsonPatch from "fast-json-patch";
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
    if (!isOperation(operation)) throw rejected();
    const next = addsInstead(document, operation) ? { ...operation, op: "add" as const } : operation;
    try {
      document = fastJsonPatch.applyOperation(document, next, true, false).newDocument;
    } catch (error) {
      throw rejected(error);
    }
  }
  return document;
}

/** Which operation failed is not said: the API server does not either. */
function rejected(why?: unknown): StatusError {
  const message = "the server rejected our request due to an error in our request";
  const error = new StatusError(422, "Invalid", message, {});
  error.cause = why;
  return error;
}

function isOperation(value: unknown): value is Operation & { value?: unknown } {
  return isRecord(value) && typeof value["op"] === "string" && typeof value["path"] === "string";
}

function addsInstead(document: unknown, operation: Operation): operation is Operation & { value: unknown } {
  if (operation.op !== "replace") return false;
  const steps = operation.path.split("/").slice(1).map(unescape);
  const last = steps.pop();
  const parent = steps.reduce<unknown>(stepInto, document);
  return isRecord(parent) && last !== undefined && !Object.hasOwn(parent, last);
}

function unescape(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function stepInto(at: unknown, step: string): unknown {
  if (Array.isArray(at)) return at[Number(step)] as unknown;
  return isRecord(at) ? at[step] : undefined;
}
