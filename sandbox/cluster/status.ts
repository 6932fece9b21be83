import type { Kind } from "./kinds.ts";

export interface StatusCause {
  reason?: string;
  message: string;
  field?: string;
}

interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The metav1.Status body of every refusal, and of a finished delete. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** A refusal the API server answers with its Status body and its HTTP code. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }
}

type Resource = Pick<Kind, "group" | "plural">;

/** "deployments.apps", or "pods" for the core group. */
function qualified(resource: Resource): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

function detailsOf(resource: Resource, name: string): StatusDetails {
  return { ...(name && { name }), ...(resource.group && { group: resource.group }), kind: resource.plural };
}

export function notFound(resource: Resource, name: string): StatusError {
  return new StatusError(
    404,
    "NotFound",
    `${qualified(resource)} "${name}" not found`,
    detailsOf(resource, name),
  );
}

export function alreadyExists(resource: Resource, name: string): StatusError {
  const message = `${qualified(resource)} "${name}" already exists`;
  return new StatusError(409, "AlreadyExists", message, detailsOf(resource, name));
}

export const modifiedMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: Resource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new StatusError(409, "Conflict", message, detailsOf(resource, name));
}

export function forbidden(resource: Resource, name: string, why: string): StatusError {
  const subject = name ? `${qualified(resource)} "${name}"` : qualified(resource);
  return new StatusError(403, "Forbidden", `${subject} is forbidden: ${why}`, detailsOf(resource, name));
}

/** What a finished delete says it removed. */
export function qualifiedDetails(resource: Resource, name: string, uid: string | undefined): StatusDetails {
  return { ...detailsOf(resource, name), ...(uid && { uid }) };
}

export function noSuchResource(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(405, "MethodNotAllowed", message, {});
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

/** Which field is wrong, in Kubernetes's words for it. */
export function cause(field: string, kind: keyof typeof causeReasons, message: string): StatusCause {
  return { reason: causeReasons[kind], message: `${kind}${message && `: ${message}`}`, field };
}

const causeReasons = {
  "Invalid value": "FieldValueInvalid",
  "Required value": "FieldValueRequired",
  "Unsupported value": "FieldValueNotSupported",
  "Duplicate value": "FieldValueDuplicate",
  "Not found": "FieldValueNotFound",
  Forbidden: "FieldValueForbidden",
  "Too long": "FieldValueTooLong",
} as const;

export function invalid(
  kind: Pick<Kind, "group" | "kind">,
  name: string,
  causes: StatusCause[],
): StatusError {
  const what = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const lines = causes.map((one) => `${one.field ?? ""}: ${one.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  return new StatusError(422, "Invalid", `${what} "${name}" is invalid: ${text}`, {
    ...(name && { name }),
    ...(kind.group && { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}
