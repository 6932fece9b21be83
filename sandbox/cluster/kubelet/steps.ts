import type { Recorder } from "../controllers/events.ts";
import type { Container, ContainerStatus, Pod } from "../controllers/objects.ts";
import { splitKey } from "../controllers/ownership.ts";
import { timestamp } from "../object.ts";
import type { Store } from "../store.ts";
import { containerId, statusOf } from "./pod-status.ts";
import type { ContainerReport, PodReport } from "./pod-status.ts";
import type { Timing } from "./timing.ts";

export interface Surroundings {
  store: Store;
  now: () => Date;
  timing: Timing;
  record: Recorder;
  hostIP: string;
  nextAddress: (node: string) => string;
}

/** What every step in the life of one pod needs. */
export interface Steps {
  around: Surroundings;
  /** The pod as it is stored now; undefined once it is gone. */
  present: () => Pod | undefined;
  report: (pod: Pod, said: PodReport) => void;
  /** Says an event, about a container of the pod when one is given. */
  tell: (pod: Pod, type: "Normal" | "Warning", reason: string, text: string | [Container, string]) => void;
  later: (ms: number, step: () => void) => void;
  /** Forgets all later steps. */
  clear: () => void;
}

export function createSteps(key: string, uid: string | undefined, around: Surroundings): Steps {
  const { store, now } = around;
  const timers = new Set<NodeJS.Timeout>();
  return {
    around,
    present() {
      const pod = store.get("pods", ...splitKey(key)) as Pod | undefined;
      return pod?.metadata.uid === uid ? pod : undefined;
    },
    report(pod, said) {
      const status = statusOf(pod, around.hostIP, said, now());
      store.updateStatus("pods", { ...pod, status }, { manager: "kubelet", now: now() });
    },
    tell(pod, type, reason, text) {
      const [container, message] = typeof text === "string" ? [undefined, text] : text;
      around.record(pod, {
        type,
        reason,
        message,
        ...(container && { fieldPath: `spec.containers{${container.name}}` }),
      });
    },
    later(ms, step) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        step();
      }, ms);
      timer.unref();
      timers.add(timer);
    },
    clear() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

export function waiting(reason: string, message?: string): ContainerReport {
  return { state: { waiting: { ...(message && { message }), reason } } };
}

export interface Ending {
  exitCode: number;
  reason: string;
}

/** The state of a container that has just ended. */
export function ended(
  pod: Pod,
  container: string,
  run: Ending & { startedAt: string; restart: number; now: Date },
): ContainerStatus["state"] {
  return {
    terminated: {
      containerID: containerId(pod, container, run.restart),
      exitCode: run.exitCode,
      finishedAt: timestamp(run.now),
      reason: run.reason,
      startedAt: run.startedAt,
    },
  };
}

export function backOff(first: number, times: number): number {
  return Math.min(first * 2 ** times, first * 30);
}

/** The message of a container that waits for its next start. */
export function backOffMessage(pod: Pod, container: string, wait: number): string {
  const { name, namespace, uid } = pod.metadata;
  return `back-off ${Math.round(wait / 1000)}s restarting failed container=${container} pod=${name}_${namespace}(${uid})`;
}
