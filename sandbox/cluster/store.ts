import { randomUUID } from "node:crypto";
import { storedKind } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import { manageFields } from "./managed-fields.ts";
import { copyJson, timestamp } from "./object.ts";
import type { KubeObject, ManagedFieldsEntry } from "./object.ts";
import { alreadyExists, conflict, modifiedMessage, notFound } from "./status.ts";
import {
  authored,
  checkPreconditions,
  fieldWriter,
  generationAfter,
  gracePeriod,
  sameButTimes,
  isReleased,
  withoutUndefined,
} from "./store-rules.ts";

export type { KubeObject } from "./object.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  object: KubeObject;
  resourceVersion: string;
  /** The state before a MODIFIED or DELETED. */
  previous?: KubeObject;
}

/** Who writes: the name that managedFields carries, and the time of the write. */
export interface Writer {
  manager: string;
  now: Date;
  /** The subresource the write came through, recorded in managedFields. */
  subresource?: string;
  /** Check everything and return what would be stored, but store nothing. */
  dryRun?: boolean;
  /** Who manages what before the write, where the client says so. */
  entries?: ManagedFieldsEntry[];
  /** Who manages what after the write, where server-side apply has found it. */
  managedFields?: ManagedFieldsEntry[];
}

export interface DeleteOptions {
  /**
   * Seconds a scheduled, running pod gets to stop (default: its own terminationGracePeriodSeconds). Until
   * someone deletes it again with 0, as kubelets do, it only carries a deletionTimestamp.
   */
  gracePeriodSeconds?: number;
  /** "Orphan" takes the ownerReferences off the dependents; the garbage collector handles the others. */
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * The objects of one cluster. What goes in and comes out is copied, so callers may change what they hold.
 * Plurals name the kinds of kinds.ts; `namespace` is undefined for kinds that have none.
 */
export interface Store {
  get(plural: string, namespace: string | undefined, name: string): KubeObject | undefined;
  /**
   * All of a kind, or of one namespace, in the order of namespace and name. `matches` sees the stored objects, which
   * it must not change: what it refuses is not copied.
   */
  list(plural: string, namespace?: string, matches?: (object: KubeObject) => boolean): KubeObject[];
  /** Throws StatusError 409 AlreadyExists. Status is kept as given. */
  create(plural: string, object: KubeObject, by: Writer): KubeObject;
  /**
   * Replaces all but the status of kinds that have one. A resourceVersion in the object must be the stored
   * one (else StatusError 409 Conflict; 404 NotFound when it is gone); an update without effect is no event.
   */
  update(plural: string, object: KubeObject, by: Writer): KubeObject;
  /**
   * Replaces the status alone; the same lock as update. A Deployment's annotations come along without a new
   * generation: so its controller writes the revision.
   */
  updateStatus(plural: string, object: KubeObject, by: Writer): KubeObject;
  /**
   * Removes the object and returns its last state; undefined when there is none. Running pods, and what has
   * finalizers, are first marked for deletion (see DeleteOptions): the update that takes the last finalizer
   * removes them. A namespace takes its contents with it.
   */
  delete(
    plural: string,
    namespace: string | undefined,
    name: string,
    by: Writer & DeleteOptions,
  ): KubeObject | undefined;
  /** Calls back within each write, after it; returns how to stop. The event's object must not be changed. */
  onEvent(listener: (plural: string, event: WatchEvent) => void): () => void;
  /** The kept events of a kind after a version; undefined when some of them are forgotten already. */
  eventsSince(plural: string, resourceVersion: number): WatchEvent[] | undefined;
  /** The version of the last write to any object. */
  readonly resourceVersion: string;
}

export interface StoreOptions {
  /** Events remembered per kind, for watches that start in the past. */
  history?: number;
  uid?: () => string;
}

export function createStore(options: StoreOptions = {}): Store {
  const historyLength = options.history ?? 1000;
  const newUid = options.uid ?? randomUUID;
  const tables = new Map<string, Table>();
  const listeners = new Set<(plural: string, event: WatchEvent) => void>();
  let version = 1;

  function table(plural: string): Table {
    const existing = tables.get(plural);
    if (existing) return existing;
    const kind = storedKind(plural);
    if (!kind) throw new Error(`No kind with the plural "${plural}": add it to sandbox/cluster/kinds.ts.`);
    const created: Table = { kind, objects: new Map(), history: [], forgotten: 0 };
    tables.set(plural, created);
    return created;
  }

  function commit(to: Table, type: WatchEvent["type"], object: KubeObject, by: Writer): KubeObject {
    if (by.dryRun) return copyJson(object);
    version += 1;
    const stored = copyJson(object);
    stored.metadata.resourceVersion = String(version);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = to.objects.get(key);
    if (type !== "MODIFIED") to.sorted = undefined;
    if (type === "DELETED") to.objects.delete(key);
    else to.objects.set(key, stored);
    const event = { type, object: stored, resourceVersion: String(version), ...(previous && { previous }) };
    to.history.push(event);
    if (to.history.length > historyLength) to.forgotten = Number(to.history.shift()?.resourceVersion);
    for (const listener of listeners) listener(to.kind.plural, event);
    return copyJson(stored);
  }

  function replace(to: Table, next: KubeObject, by: Writer): KubeObject {
    const old = locked(to, next);
    const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds } = old.metadata;
    next.metadata = withoutUndefined({
      ...next.metadata,
      uid,
      resourceVersion: old.metadata.resourceVersion,
      creationTimestamp,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      generation: by.subresource === "status" ? old.metadata.generation : generationAfter(to.kind, old, next),
      managedFields: by.managedFields ?? by.entries ?? old.metadata.managedFields,
    });
    if (sameButTimes(old, next)) return copyJson(old);
    if (isReleased(next)) return remove(to, next, by);
    // Once nobody is named any more, updates name nobody either, until somebody applies.
    const named = (next.metadata.managedFields ?? []).length > 0;
    if (named) {
      const found = by.managedFields ?? manageFields(old, next, fieldWriter(to.kind, by));
      next.metadata.managedFields = found;
    } else {
      delete next.metadata.managedFields;
    }
    return commit(to, "MODIFIED", next, by);
  }

  /** The stored object, if it still is the one that `next` was made from. */
  function locked(from: Table, next: KubeObject): KubeObject {
    const { name, namespace, uid, resourceVersion } = next.metadata;
    const old = from.objects.get(keyOf(namespace, name));
    if (!old) throw notFound(from.kind, name);
    if (uid && uid !== old.metadata.uid) {
      const found = `UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
      throw conflict(from.kind, name, `Precondition failed: ${found}`);
    }
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) {
      throw conflict(from.kind, name, modifiedMessage);
    }
    return old;
  }

  function remove(from: Table, old: KubeObject, by: Writer & DeleteOptions): KubeObject {
    if (by.propagationPolicy === "Orphan") orphan(old, by);
    const removed = commit(from, "DELETED", old, by);
    if (from.kind.plural === "namespaces") {
      for (const [plural, other] of tables) {
        for (const inside of listOf(other, old.metadata.name)) {
          if (table(plural).kind.namespaced) remove(other, inside, by);
        }
      }
    }
    return removed;
  }

  function orphan(owner: KubeObject, by: Writer): void {
    for (const to of tables.values()) {
      for (const dependent of listOf(to, owner.metadata.namespace)) {
        const owners = dependent.metadata.ownerReferences ?? [];
        const others = owners.filter((reference) => reference.uid !== owner.metadata.uid);
        if (others.length === owners.length) continue;
        const next = copyJson(dependent);
        next.metadata.ownerReferences = others;
        replace(to, next, by);
      }
    }
  }

  return {
    get(plural, namespace, name) {
      return copyJson(table(plural).objects.get(keyOf(namespace, name)));
    },
    list(plural, namespace, matches) {
      const all = listOf(table(plural), namespace);
      return copyJson(matches ? all.filter(matches) : all);
    },
    create(plural, object, by) {
      const to = table(plural);
      const { name, namespace } = object.metadata;
      if (to.objects.has(keyOf(namespace, name))) throw alreadyExists(to.kind, name);
      const next = copyJson(object);
      const { resourceVersion: _version, managedFields: _fields, ...metadata } = next.metadata;
      next.metadata = {
        ...metadata,
        name,
        uid: metadata.uid ?? newUid(),
        creationTimestamp: timestamp(by.now),
        ...(to.kind.generation && { generation: 1 }),
      };
      const managedFields =
        by.managedFields ?? manageFields(undefined, authored(to.kind, next), fieldWriter(to.kind, by));
      if (managedFields.length > 0) next.metadata.managedFields = managedFields;
      return commit(to, "ADDED", next, by);
    },
    update(plural, object, by) {
      const to = table(plural);
      const next = copyJson(object);
      if (to.kind.subresources?.includes("status")) {
        const { status: _status, ...rest } = next;
        const { status } = locked(to, next);
        return replace(to, { ...rest, ...(status !== undefined && { status }) }, by);
      }
      return replace(to, next, by);
    },
    updateStatus(plural, object, by) {
      const to = table(plural);
      const { status } = object;
      const next = { ...copyJson(locked(to, object)), status: copyJson(status) };
      const { annotations } = object.metadata;
      if (to.kind.generation === "spec+annotations")
        next.metadata = withoutUndefined({ ...next.metadata, annotations });
      return replace(to, next, { subresource: "status", ...by });
    },
    delete(plural, namespace, name, by) {
      const from = table(plural);
      const old = from.objects.get(keyOf(namespace, name));
      if (!old) return undefined;
      checkPreconditions(from.kind, old, by.preconditions ?? {});
      const grace = plural === "pods" ? gracePeriod(old, by.gracePeriodSeconds) : 0;
      const held = (old.metadata.finalizers ?? []).length > 0;
      if (grace === 0 && !held) return remove(from, old, by);
      const before = old.metadata.deletionGracePeriodSeconds;
      if (before !== undefined && grace >= before) return copyJson(old);
      const next = copyJson(old);
      next.metadata.deletionTimestamp = timestamp(new Date(by.now.getTime() + grace * 1000));
      next.metadata.deletionGracePeriodSeconds = grace;
      return commit(from, "MODIFIED", next, by);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    eventsSince(plural, resourceVersion) {
      const from = table(plural);
      if (resourceVersion < from.forgotten) return undefined;
      return from.history.filter((event) => Number(event.resourceVersion) > resourceVersion);
    },
    get resourceVersion() {
      return String(version);
    },
  };
}

interface Table {
  kind: Kind;
  objects: Map<string, KubeObject>;
  /** The keys in their order, until one comes or goes. */
  sorted?: string[] | undefined;
  history: WatchEvent[];
  /** The version of the newest event that fell out of the history. */
  forgotten: number;
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}

function listOf(from: Table, namespace: string | undefined): KubeObject[] {
  from.sorted ??= [...from.objects.keys()].sort();
  const keys = from.sorted;
  const wanted = namespace ? keys.filter((key) => key.startsWith(`${namespace}/`)) : keys;
  return wanted.map((key) => from.objects.get(key)!);
}
