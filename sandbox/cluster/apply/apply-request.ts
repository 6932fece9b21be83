import { parse } from "yaml";
import type { ResourceCall } from "../http.ts";
import { apiVersionOf } from "../kinds.ts";
import type { Kind } from "../kinds.ts";
import { isRecord } from "../object.ts";
import type { FieldsV1, KubeObject } from "../object.ts";
import { isTrue } from "../request-info.ts";
import { badRequest, cause, conflict, invalid, notFound, StatusError } from "../status.ts";
import type { Store } from "../store.ts";
import { createObject, isDryRun, replaceObject, writerOf } from "../write.ts";
import { serverSideApply, stillAsApplied } from "./apply.ts";
import type { Applied, Applier } from "./apply.ts";
import { NotTyped } from "./applied-set.ts";
import { wrongTypes } from "./types.ts";

export const applyType = "application/apply-patch+yaml";

const options = { group: "meta.k8s.io", kind: "PatchOptions" };
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Throws StatusError 422 for options of a PATCH that only make sense for an apply. */
export function checkPatchOptions(call: ResourceCall, isApply: boolean): void {
  const wrong = [
    ...(isApply && !call.query.get("fieldManager")
      ? [cause("fieldManager", "Required value", "is required for apply patch")]
      : []),
    ...(!isApply && call.query.has("force")
      ? [cause("force", "Forbidden", "may not be specified for non-apply patch")]
      : []),
  ];
  if (wrong.length > 0) throw invalid(options, "", wrong);
}

/** Carries out a server-side apply; `created` says whether the object is new. Throws StatusError for every refusal. */
export function applyObject(
  store: Store,
  call: ResourceCall,
  kind: Kind,
): { object: KubeObject; created: boolean } {
  isDryRun(call);
  const { namespace, name = "", subresource } = call.target;
  const live = store.get(kind.plural, kind.namespaced ? namespace : undefined, name);
  const config = manifestOf(call, kind);
  checkPlace(config, { kind, name, namespace });
  if (!live && subresource) throw notFound(kind, name);
  const by: Applier = {
    ...writerOf(call),
    force: isTrue(call.query.get("force")),
    ...(subresource && { subresource }),
  };
  const applied = typed(config, kind, () => appliedBy(live, config, by));
  checkUid(config, live, kind);
  const { resourceVersion } = config.metadata;
  if (live && resourceVersion) applied.object.metadata.resourceVersion = resourceVersion;
  const { object, managedFields } = applied;
  return live
    ? { object: replaceObject(store, call, kind, { object, managedFields }), created: false }
    : { object: createObject(store, call, kind, { object, managedFields }), created: true };
}

/** kubectl may take over what it wrote by client-side apply, and keeps that command's annotation up to date. */
function appliedBy(live: KubeObject | undefined, config: KubeObject, by: Applier): Applied {
  const annotation = live?.metadata.annotations?.[lastApplied];
  if (by.manager !== "kubectl" || !live || annotation === undefined) return serverSideApply(live, config, by);
  const applied = serverSideApply(live, config, { ...by, allowed: ownedBefore(annotation, live) });
  const { annotations } = applied.object.metadata;
  if (annotations?.[lastApplied] !== undefined) {
    applied.object.metadata.annotations = { ...annotations, [lastApplied]: `${JSON.stringify(config)}\n` };
  }
  return applied;
}

function ownedBefore(annotation: string, live: KubeObject): FieldsV1 {
  try {
    return stillAsApplied(JSON.parse(annotation) as KubeObject, live);
  } catch {
    // An annotation that is no manifest was not written by kubectl and grants nothing.
    return {};
  }
}

function manifestOf(call: ResourceCall, kind: Kind): KubeObject {
  const sent = decoded(call.body.toString("utf8"));
  const { apiVersion = "", kind: sentKind = "", metadata } = sent;
  if (apiVersion !== apiVersionOf(kind) || sentKind !== kind.kind) {
    const version = String(apiVersion);
    const groupVersion = version === "" || !version.includes("/") ? `/${version}` : version;
    throw badRequest(`invalid object type: ${groupVersion}, Kind=${String(sentKind)}`);
  }
  const given = isRecord(metadata) ? metadata : {};
  if (given["managedFields"] !== undefined && given["managedFields"] !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  return { ...sent, metadata: given } as KubeObject;
}

function decoded(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = text.trimStart().startsWith("{") ? jsonOrYaml(text) : parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`);
  }
  if (value === null || value === undefined) return {};
  if (isRecord(value)) return value;
  const type = Array.isArray(value) ? "array" : typeof value;
  const why = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
}

/** Clients send JSON, which the parser for it reads much faster; a flow mapping of YAML begins alike. */
function jsonOrYaml(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return parse(text);
  }
}

interface Place {
  kind: Kind;
  name: string;
  namespace: string | undefined;
}

function checkPlace(config: KubeObject, { kind, name, namespace }: Place): void {
  const { metadata } = config;
  if (metadata.name !== name) {
    const names = `the name of the object (${metadata.name || name}${metadata.name ? "" : " based on URL"})`;
    throw badRequest(
      metadata.name
        ? `${names} does not match the name on the URL (${name})`
        : `${names} was undeterminable: name must be provided`,
    );
  }
  if (kind.namespaced && metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}

function checkUid({ metadata: { name, uid } }: KubeObject, live: KubeObject | undefined, kind: Kind): void {
  if (uid === undefined) return;
  if (!live) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(kind, name, why);
  }
  if (uid !== live.metadata.uid) {
    const message = `${JSON.stringify(uid)}: field is immutable`;
    throw invalid(kind, name, [cause("metadata.uid", "Invalid value", message)]);
  }
}

function typed<T>(config: KubeObject, kind: Kind, act: () => T): T {
  const wrong = wrongTypes(kind, config);
  try {
    if (wrong.length === 1) throw new NotTyped(wrong[0]);
    if (wrong.length > 1) throw new NotTyped(`errors:\n${wrong.map((one) => `  ${one}`).join("\n")}`);
    return act();
  } catch (error) {
    if (!(error instanceof NotTyped)) throw error;
    const { name, namespace = "" } = config.metadata;
    const version = config.apiVersion.includes("/") ? config.apiVersion : `/${config.apiVersion}`;
    const what = `${namespace}/${name}; ${version}, Kind=${config.kind}`;
    throw new StatusError(500, "", `failed to create typed patch object (${what}): ${error.message}`);
  }
}
