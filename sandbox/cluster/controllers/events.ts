import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";
import { randomSuffix } from "../defaults/pods.ts";

interface Happening {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  /** Which part of the object, such as `spec.containers{api}`. */
  fieldPath?: string;
}

/** Who says it: a controller, or a kubelet with its node. */
export interface Source {
  component: string;
  host?: string;
}

export type Recorder = (about: KubeObject, happening: Happening) => void;

/** Kubernetes forgets events after an hour. */
const keptForMs = 3_600_000;

/** From the tenth different message of one reason about one object on, they are one event with the last of them. */
const similar = { most: 10, withinMs: 600_000 };

/**
 * Writes Events as client-go's recorder does: the same thing said again raises the count of the first, and too many
 * similar things become one.
 */
export function createRecorder(store: Store, now: () => Date, source: Source): Recorder {
  const said = new Map<string, { namespace: string; name: string; at: number }>();
  const messages = new Map<string, { seen: Set<string>; at: number }>();

  function isTooSimilar(topic: string, message: string): boolean {
    const at = now().getTime();
    const before = messages.get(topic);
    const group = before && at - before.at < similar.withinMs ? before : { seen: new Set<string>(), at };
    messages.set(topic, { seen: group.seen.add(message), at });
    if (group.seen.size < similar.most) return false;
    group.seen.delete(group.seen.values().next().value!);
    return true;
  }

  function forgetOld(): void {
    for (const [key, { namespace, name, at }] of said) {
      if (now().getTime() - at < keptForMs) break;
      said.delete(key);
      store.delete("events", namespace, name, { manager: "kube-apiserver", now: now() });
    }
    for (const [topic, { at }] of messages) if (now().getTime() - at > keptForMs) messages.delete(topic);
  }

  return function record(about, happening) {
    forgetOld();
    const by = { manager: source.host ? "kubelet" : "kube-controller-manager", now: now() };
    const namespace = about.metadata.namespace ?? "default";
    const { type, reason, fieldPath } = happening;
    const topic = JSON.stringify([about.metadata.uid, type, reason]);
    const combined = isTooSimilar(topic, happening.message);
    const message = combined ? `(combined from similar events): ${happening.message}` : happening.message;
    const key = combined ? topic : JSON.stringify([about.metadata.uid, type, reason, message, fieldPath]);
    const before = said.get(key);
    const event = before && store.get("events", namespace, before.name);
    if (before && event) {
      said.delete(key);
      said.set(key, { ...before, at: now().getTime() });
      store.update(
        "events",
        { ...event, message, count: Number(event.count) + 1, lastTimestamp: timestamp(now()) },
        by,
      );
      return;
    }
    const name = `${about.metadata.name}.${Date.now().toString(16)}${randomSuffix()}`;
    said.set(key, { namespace, name, at: now().getTime() });
    store.create(
      "events",
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name, namespace },
        involvedObject: reference(about, fieldPath),
        reason,
        message,
        source: { ...source },
        firstTimestamp: timestamp(now()),
        lastTimestamp: timestamp(now()),
        count: 1,
        type,
        eventTime: null,
        reportingComponent: source.component,
        reportingInstance: source.host ?? "",
      },
      by,
    );
  };
}

/** The scheduler speaks the newer events API: a time of its own, an action, and no count. */
export function createSchedulerRecorder(store: Store, now: () => Date): Recorder {
  return function record(about, { type, reason, message }) {
    const namespace = about.metadata.namespace ?? "default";
    store.create(
      "events",
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: { name: `${about.metadata.name}.${Date.now().toString(16)}${randomSuffix()}`, namespace },
        involvedObject: reference(about),
        reason,
        message,
        source: {},
        firstTimestamp: null,
        lastTimestamp: null,
        type,
        eventTime: now().toISOString().replace("Z", "000Z"),
        action: reason === "Scheduled" ? "Binding" : "Scheduling",
        reportingComponent: "default-scheduler",
        reportingInstance: "default-scheduler-practice",
      },
      { manager: "kube-scheduler", now: now() },
    );
  };
}

function reference(about: KubeObject, fieldPath?: string): Record<string, unknown> {
  const { name, namespace, uid, resourceVersion } = about.metadata;
  return {
    apiVersion: about.apiVersion,
    kind: about.kind,
    name,
    namespace,
    uid,
    resourceVersion,
    ...(fieldPath && { fieldPath }),
  };
}
