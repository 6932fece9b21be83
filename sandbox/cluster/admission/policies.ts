import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { CelInput } from "@bufbuild/cel";
import { selects } from "../controllers/selectors.ts";
import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { Kind } from "../kinds.ts";
import { isRecord } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { forbidden, StatusError } from "../status.ts";
import type { Store } from "../store.ts";

/** A write that the cluster's ValidatingAdmissionPolicies may refuse. */
export interface Admission {
  kind: Kind;
  operation: "CREATE" | "UPDATE" | "DELETE";
  object: KubeObject;
  old?: KubeObject;
}

/** Throws StatusError for what a bound policy denies (source: "Validating Admission Policy" in the documentation). */
export function checkPolicies(store: Store, admission: Admission): void {
  for (const binding of store.list("validatingadmissionpolicybindings")) {
    const spec = child(binding, "spec") ?? {};
    const policy = store.get("validatingadmissionpolicies", undefined, textOr(spec["policyName"], ""));
    if (!policy || !listed(spec["validationActions"]).includes("Deny")) continue;
    const rules = child(policy, "spec") ?? {};
    const places = [child(rules, "matchConstraints"), child(spec, "matchResources")];
    if (!places.every((place) => matches(store, place, admission))) continue;
    const broken = firstBroken(store, rules, admission);
    if (broken) throw denial(admission, broken, [policy.metadata.name, binding.metadata.name]);
  }
}

/** Whether resource rules and selectors cover a write; without rules, or without constraints at all, they do. */
function matches(store: Store, place: Fields | undefined, { kind, operation, object }: Admission): boolean {
  const covered = (list: unknown, value: string): boolean =>
    listed(list).some((one) => one === "*" || one === value);
  const rules = items(place, "resourceRules");
  const ruled = rules.some(
    (rule) =>
      covered(rule["apiGroups"], kind.group) &&
      covered(rule["apiVersions"], kind.version) &&
      covered(rule["operations"], operation) &&
      covered(rule["resources"], kind.plural),
  );
  const { namespace, labels } = object.metadata;
  const around = namespace === undefined ? undefined : store.get("namespaces", undefined, namespace);
  return (
    (rules.length === 0 || ruled) &&
    selects(child(place, "objectSelector") ?? {}, labels) &&
    (namespace === undefined || selects(child(place, "namespaceSelector") ?? {}, around?.metadata.labels))
  );
}

interface Broken {
  message: string;
  reason: string;
}

function firstBroken(store: Store, spec: Fields, admission: Admission): Broken | undefined {
  const known = variables(store, admission);
  if (
    !items(spec, "matchConditions").every((one) => evaluate(textOr(one["expression"], ""), known) === true)
  ) {
    return undefined;
  }
  for (const validation of items(spec, "validations")) {
    const expression = textOr(validation["expression"], "").trim();
    const result = evaluate(expression, known);
    if (result === true) continue;
    const reason = textOr(validation["reason"], "Invalid");
    if (result instanceof Error) {
      if (spec["failurePolicy"] === "Ignore") continue;
      const message = `expression '${expression}' resulted in error: ${result.message}`;
      return { message, reason: "Invalid" };
    }
    const said = textOr(validation["messageExpression"], "");
    const computed = said ? evaluate(said, known) : undefined;
    const written = textOr(validation["message"], `failed expression: ${expression}`);
    return { message: typeof computed === "string" ? computed : written, reason };
  }
  return undefined;
}

function variables(store: Store, { kind, operation, object, old }: Admission): Record<string, CelInput> {
  const { name, namespace } = object.metadata;
  const { group, version, plural } = kind;
  const request = {
    kind: { group, version, kind: kind.kind },
    resource: { group, version, resource: plural },
    name,
    namespace: namespace ?? "",
    operation,
  };
  const around = namespace === undefined ? null : (store.get("namespaces", undefined, namespace) ?? null);
  const all = { object, oldObject: old ?? null, request, namespaceObject: around, params: null };
  return Object.fromEntries(Object.entries(all).map(([variable, value]) => [variable, toCel(value)]));
}

const environment = celEnv();

function evaluate(expression: string, known: Record<string, CelInput>): unknown {
  try {
    const value = plan(environment, parse(expression))(known);
    return isCelError(value) ? new Error(value.message) : value;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Whole numbers enter as ints, as they do in an API server. */
function toCel(value: unknown): CelInput {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (isRecord(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return new Map(fields.map(([key, field]) => [key, toCel(field)]));
  }
  return value as CelInput;
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const codes: Record<string, number> = {
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
  Unauthorized: 401,
};

function denial(
  { kind, object }: Admission,
  { message, reason }: Broken,
  [policy, binding]: [string, string],
): StatusError {
  const why = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
  const { status } = forbidden(kind, object.metadata.name, why);
  const details = { ...status.details, causes: [{ message: why }] };
  return new StatusError(codes[reason] ?? 422, reason, status.message ?? why, details);
}
