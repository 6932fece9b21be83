import { admitMutating, admitValidating } from "./admission/admit.ts";
import { checkPolicies } from "./admission/policies.ts";
import { randomSuffix } from "./defaults/pods.ts";
import { applyDefaults, prepareNew } from "./defaults/defaults.ts";
import { below, child } from "./fields.ts";
import { storable } from "./events-view.ts";
import { decodeObject, mediaType, parseJson } from "./body.ts";
import type { ResourceCall } from "./http.ts";
import { apiVersionOf, storedKind } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import { isRecord, sameJson } from "./object.ts";
import type { KubeObject, ManagedFieldsEntry } from "./object.ts";
import { allocateAddress } from "./service-address.ts";
import { badRequest, forbidden, invalid, cause, notFound } from "./status.ts";
import type { DeleteOptions, Store, Writer } from "./store.ts";
import { checkTypes } from "./validate/types.ts";
import { validate } from "./validate/validate.ts";

/** Who writes a call's change: fieldManager, else the first word of the user agent. */
export function writerOf(call: ResourceCall): Writer {
  const agent = (call.headers["user-agent"] ?? "unknown").split("/")[0]!;
  const { subresource } = call.target;
  return {
    manager: call.query.get("fieldManager") ?? agent.slice(0, 128),
    now: call.now,
    ...(subresource && { subresource }),
    ...(isDryRun(call) && { dryRun: true }),
  };
}

const optionKinds: Record<string, string> = {
  create: "CreateOptions",
  update: "UpdateOptions",
  patch: "PatchOptions",
  delete: "DeleteOptions",
  deletecollection: "DeleteOptions",
};

/** Throws StatusError 422 for a dryRun that is not "All". */
export function isDryRun(call: Pick<ResourceCall, "query" | "verb">): boolean {
  const asked = call.query.getAll("dryRun").filter((value) => value !== "");
  if (asked.every((value) => value === "All")) return asked.length > 0;
  const list = asked.map((value) => JSON.stringify(value)).join(", ");
  const message = `[]string{${list}}: supported values: "All"`;
  const kind = { group: "meta.k8s.io", kind: optionKinds[call.verb] ?? "Options" };
  throw invalid(kind, "", [cause("dryRun", "Unsupported value", message)]);
}

/** The object of a body, made to fit the resource it was sent to. */
export function objectFrom(call: ResourceCall, kind: Kind): KubeObject {
  const sent = decodeObject(call, kind.kind);
  const metadata = isRecord(sent["metadata"]) ? sent["metadata"] : {};
  const apiVersion = apiVersionOf(kind);
  const { kind: sentKind = kind.kind, apiVersion: sentVersion = apiVersion } = sent;
  if (sentKind !== kind.kind || sentVersion !== apiVersion) {
    const [, version = String(sentVersion)] = String(sentVersion).split("/");
    const [from, to] = [`${version}.${String(sentKind)}`, `${kind.group || "core"}.${kind.kind}`];
    const why = `converting (${from}) to (${to}): unknown conversion`;
    throw badRequest(
      `${String(sentKind)} in version "${version}" cannot be handled as a ${kind.kind}: ${why}`,
    );
  }
  const object = { ...sent, kind: kind.kind, apiVersion, metadata: { ...metadata } } as KubeObject;
  checkTypes(kind, object);
  return storable(kind, object);
}

/** An object to be stored. */
export interface Change {
  object: KubeObject;
  /** Who manages what after the change; without it, the change itself tells. */
  managedFields?: ManagedFieldsEntry[];
}

/** Stores a new object and returns it. */
export function createObject(
  store: Store,
  call: ResourceCall,
  kind: Kind,
  { object, managedFields }: Change,
): KubeObject {
  const { metadata } = object;
  const { namespace } = call.target;
  placeIn(metadata, namespace, kind);
  metadata.name ||= metadata.generateName ? `${metadata.generateName}${randomSuffix()}` : "";
  delete metadata.uid;
  delete metadata.deletionTimestamp;
  prepareNew(kind.plural, object, hasStatus(kind));
  admitMutating(store, kind.plural, object);
  validate(kind, object);
  if (kind.namespaced) checkNamespace(store, kind, object);
  checkPolicies(store, { kind, operation: "CREATE", object });
  admitValidating(store, kind, object);
  if (kind.plural === "services") allocateAddress(store, object);
  return store.create(kind.plural, object, { ...writerOf(call), ...(managedFields && { managedFields }) });
}

function placeIn(metadata: KubeObject["metadata"], namespace: string | undefined, kind: Kind): void {
  if (!kind.namespaced) {
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  metadata.namespace = namespace ?? "default";
}

function checkNamespace(store: Store, kind: Kind, object: KubeObject): void {
  const { name, namespace = "" } = object.metadata;
  const found = store.get("namespaces", undefined, namespace);
  if (!found) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (!found.metadata.deletionTimestamp) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(kind, name, why);
}

/** Stores an object in place of the one there, as a PUT or a PATCH of the object or of its status. */
export function replaceObject(
  store: Store,
  call: ResourceCall,
  kind: Kind,
  { object: next, managedFields }: Change,
): KubeObject {
  const { name = "", namespace, subresource } = call.target;
  if (!next.metadata.name) {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (next.metadata.name !== name) {
    const names = `the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`;
    throw badRequest(names);
  }
  placeIn(next.metadata, namespace, kind);
  const old = existing(store, call, kind);
  const entries = entriesIn(next);
  const by = { ...writerOf(call), ...(entries && { entries }), ...(managedFields && { managedFields }) };
  if (subresource === "status") return store.updateStatus(kind.plural, next, by);
  applyDefaults(kind.plural, next);
  keepAddress(kind, next, old);
  countTemplates(kind, next, old);
  validate(kind, next, old);
  checkPolicies(store, { kind, operation: "UPDATE", object: next, old });
  return store.update(kind.plural, next, by);
}

/** Clients may rewrite who manages what; a list of one empty entry forgets all of it. */
function entriesIn(next: KubeObject): ManagedFieldsEntry[] | undefined {
  const given: unknown = next.metadata.managedFields;
  if (!Array.isArray(given) || given.length === 0) return undefined;
  return given.filter((entry) => isRecord(entry) && isRecord(entry["fieldsV1"])) as ManagedFieldsEntry[];
}

export function existing(store: Store, call: ResourceCall, kind: Kind): KubeObject {
  const { name = "", namespace } = call.target;
  const object = store.get(kind.plural, kind.namespaced ? namespace : undefined, name);
  if (!object) throw notFound(kind, name);
  return object;
}

/** A Service keeps the address it got when an update leaves it out. */
function keepAddress(kind: Kind, next: KubeObject, old: KubeObject): void {
  if (kind.plural !== "services") return;
  const before = child(old, "spec") ?? {};
  const spec = below(next, "spec");
  for (const field of ["clusterIP", "clusterIPs"]) spec[field] ??= before[field];
}

const templateGeneration = "deprecated.daemonset.template.generation";

function countTemplates(kind: Kind, next: KubeObject, old: KubeObject): void {
  if (kind.plural !== "daemonsets") return;
  const same = sameJson(child(child(next, "spec"), "template"), child(child(old, "spec"), "template"));
  const counted = Number(old.metadata.annotations?.[templateGeneration] ?? 0) + (same ? 0 : 1);
  next.metadata.annotations = { ...next.metadata.annotations, [templateGeneration]: String(counted) };
}

function hasStatus(kind: Kind): boolean {
  return storedKind(kind.plural)?.subresources?.includes("status") ?? false;
}

/** DeleteOptions from the body and, as curl sends them, from the query. */
export function deleteOptions(call: ResourceCall): DeleteOptions & Writer {
  const body =
    call.body.length > 0 && mediaType(call.headers["content-type"]) !== "" ? bodyOptions(call) : {};
  const { query } = call;
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const dryRun = Array.isArray(body["dryRun"]) && body["dryRun"].includes("All");
  return {
    ...(body as DeleteOptions),
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(policy !== null && { propagationPolicy: policy as NonNullable<DeleteOptions["propagationPolicy"]> }),
    ...writerOf(call),
    ...(dryRun && { dryRun }),
  };
}

function bodyOptions(call: ResourceCall): Record<string, unknown> {
  if (!mediaType(call.headers["content-type"]).endsWith("json")) return decodeObject(call, "DeleteOptions");
  const options = parseJson(call.body.toString("utf8"), "error decoding DeleteOptions: ");
  return isRecord(options) ? options : {};
}
