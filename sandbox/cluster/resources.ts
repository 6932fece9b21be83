import { applyObject, applyType, checkPatchOptions } from "./apply/apply-request.ts";
import { mediaType } from "./body.ts";
import { subresourceVerbs } from "./discovery.ts";
import { evict } from "./eviction.ts";
import { execRequest } from "./exec/request.ts";
import { storable, shown } from "./events-view.ts";
import type { Answer, ResourceCall, Wanted } from "./http.ts";
import { negotiate } from "./http.ts";
import type { Kind, Subresource } from "./kinds.ts";
import { listPage, selection } from "./list.ts";
import { podLog } from "./logs.ts";
import type { LogProvider } from "./logs.ts";
import type { KubeObject } from "./object.ts";
import { applyPatch } from "./patch/apply.ts";
import { presentObject, presentPage, watchShape } from "./present.ts";
import type { Presentation } from "./present.ts";
import { answerScale } from "./scale.ts";
import { badRequest, cause, invalid, methodNotAllowed, noSuchResource, qualifiedDetails } from "./status.ts";
import type { StatusError } from "./status.ts";
import type { Store } from "./store.ts";
import { checkPatchedTypes } from "./validate/types.ts";
import { checkWatch, watchLines } from "./watch.ts";
import { createObject, deleteOptions, existing, isDryRun, objectFrom, replaceObject } from "./write.ts";

/** What answering about resources needs. */
export interface Resources {
  store: Store;
  logs(): LogProvider;
  /** Milliseconds between the bookmarks of a watch. */
  bookmarkEvery: number;
}

/** Answers a call about a stored kind; throws StatusError for every refusal. */
export function answerResource(resources: Resources, call: ResourceCall, kind: Kind): Answer {
  const { subresource, namespace } = call.target;
  if (!kind.namespaced && namespace && kind.plural !== "namespaces") throw noSuchResource();
  if (subresource) {
    if (!kind.subresources?.includes(subresource as Subresource)) throw noSuchResource();
    const verbs = subresourceVerbs[subresource as Subresource];
    if (!verbs.includes(call.verb)) throw methodNotAllowed();
    if (subresource === "log") return podLog(resources.store, call, resources.logs());
    if (subresource === "exec") throw refusedExec(resources.store, call);
    if (subresource === "eviction") return evict(resources.store, call);
    if (subresource === "scale") return answerScale(resources.store, call, kind);
  } else if (!hasHandler(call, kind)) {
    throw methodNotAllowed();
  }
  const as: Presentation = { kind, wanted: wantedOf(call), query: call.query, now: call.now };
  return handlers[call.verb]!(resources, call, as);
}

/** Exec needs an upgrade of the connection, which server.ts carries out; a plain request hears what is wrong with it. */
function refusedExec(store: Store, call: ResourceCall): StatusError {
  execRequest(store, call);
  return badRequest("Upgrade request required");
}

type Handler = (resources: Resources, call: ResourceCall, as: Presentation) => Answer;

const handlers: Record<string, Handler> = {
  get: ({ store }, call, as) => presentObject(as, existing(store, call, as.kind)),
  list: ({ store }, call, as) => presentPage(as, listPage(store, as.kind, call)),
  watch: watching,
  create: ({ store }, call, as) =>
    presentObject(as, createObject(store, call, as.kind, { object: objectFrom(call, as.kind) }), 201),
  update: ({ store }, call, as) =>
    presentObject(as, replaceObject(store, call, as.kind, { object: objectFrom(call, as.kind) })),
  patch: patching,
  delete: remove,
  deletecollection: removeAll,
};

/** Collections are listed, watched and created in; single objects are read, changed and deleted. */
function hasHandler({ verb, target }: ResourceCall, kind: Kind): boolean {
  const outside = kind.namespaced && !target.namespace;
  if (verb === "list" || verb === "watch") return true;
  if (verb === "create" || verb === "deletecollection") return !outside && !target.name;
  return verb in handlers && target.name !== undefined;
}

function wantedOf(call: ResourceCall): Wanted {
  const wanted = negotiate(call.headers.accept);
  const read = ["get", "list", "watch"].includes(call.verb);
  return read ? wanted : { ...wanted, form: "object" };
}

function watching(resources: Resources, call: ResourceCall, as: Presentation): Answer {
  const { store, bookmarkEvery } = resources;
  checkWatch(as.kind, call);
  const lines = watchLines({ store, kind: as.kind, shape: watchShape(as), bookmarkEvery }, call);
  return { code: 200, type: "application/json", stream: lines };
}

function patching({ store }: Resources, call: ResourceCall, as: Presentation): Answer {
  const isApply = mediaType(call.headers["content-type"]) === applyType;
  checkPatchOptions(call, isApply);
  if (!isApply) return presentObject(as, patchObject(store, call, as.kind));
  const { object, created } = applyObject(store, call, as.kind);
  return presentObject(as, object, created ? 201 : 200);
}

function patchObject(store: Store, call: ResourceCall, kind: Kind): KubeObject {
  isDryRun(call);
  const old = shown(kind, existing(store, call, kind));
  const type = call.headers["content-type"];
  const body = call.body.toString("utf8");
  const patched = applyPatch(old, type, body);
  const next = { ...patched, metadata: { ...(patched["metadata"] as object) } } as KubeObject;
  checkPatchedTypes(kind, next, type?.includes("strategic") ? body : undefined);
  const { uid } = next.metadata;
  if (uid !== undefined && uid !== old.metadata.uid) {
    const message = `${JSON.stringify(uid)}: field is immutable`;
    throw invalid(kind, old.metadata.name, [cause("metadata.uid", "Invalid value", message)]);
  }
  // The patch was made from the newest state, so only a version the patch itself names can conflict.
  return replaceObject(store, call, kind, { object: storable(kind, next) });
}

/** Kinds whose deletion answers with the object; the others answer with a Status. */
const answeredWhole = new Set(["pods", "services", "serviceaccounts", "resourcequotas"]);

function remove({ store }: Resources, call: ResourceCall, as: Presentation): Answer {
  const { kind } = as;
  const { namespace, name = "" } = call.target;
  const old = existing(store, call, kind);
  const removed = store.delete(
    kind.plural,
    kind.namespaced ? namespace : undefined,
    name,
    deleteOptions(call),
  );
  if (removed && answeredWhole.has(kind.plural)) return presentObject(as, removed);
  const details = qualifiedDetails(kind, name, old.metadata.uid);
  return { code: 200, body: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details } };
}

function removeAll({ store }: Resources, call: ResourceCall, as: Presentation): Answer {
  const { kind } = as;
  const matches = selection(kind, call);
  const doomed = store.list(kind.plural).filter(matches);
  const options = deleteOptions(call);
  for (const { metadata } of doomed) store.delete(kind.plural, metadata.namespace, metadata.name, options);
  return presentPage(as, { items: doomed, resourceVersion: store.resourceVersion });
}
