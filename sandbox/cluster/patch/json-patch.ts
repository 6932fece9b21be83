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
  for (const item of patch) {
    if (!isOperation(item)) throw rejected();
    const operation = withValue(item);
    if (testsForNothing(document, operation)) continue;
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

/** An operation that should have a value and has none means null. */
function withValue(operation: Operation): Operation {
  if (operation.op !== "add" && operation.op !== "replace" && operation.op !== "test") return operation;
  return { ...operation, value: (operation.value as unknown) ?? null };
}

/** A test for null holds where there is nothing. */
function testsForNothing(document: unknown, operation: Operation): boolean {
  if (operation.op !== "test" || operation.value !== null) return false;
  return stepsOf(operation).reduce<unknown>(stepInto, document) === undefined;
}

function stepsOf(operation: Operation): string[] {
  return operation.path.split("/").slice(1).map(unescape);
}

function addsInstead(document: unknown, operation: Operation): operation is Operation & { value: unknown } {
  if (operation.op !== "replace") return false;
  const steps = stepsOf(operation);
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
