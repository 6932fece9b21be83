import type { Container, Pod } from "../controllers/objects.ts";
import { keyOf } from "../controllers/ownership.ts";
import { restartsOf } from "../controllers/pod-readiness.ts";
import { timestamp } from "../object.ts";
import { crash, serve } from "./crash-loop.ts";
import { endingOf, fateOf } from "./fates.ts";
import { isMissing } from "./registry.ts";
import type { ContainerReport } from "./pod-status.ts";
import { runPrograms } from "./run-programs.ts";
import { failPull } from "./pull-failure.ts";
import { missingForEnvironment, missingForVolumes } from "./references.ts";
import { createSteps, waiting } from "./steps.ts";
import type { Surroundings } from "./steps.ts";

export interface Life {
  start(): void;
  /** Goes on with a pod found in the middle of a crash loop. */
  resume(pod: Pod): void;
  /** Ends the containers, then the pod; a second call changes nothing. */
  stop(): void;
  /** A ConfigMap or Secret of the namespace changed: look again if one was missing. */
  referenceChanged(namespace: string | undefined): void;
  close(): void;
}

/** The life of one pod on its node. Every step reads the stored pod anew and is lost when the pod is gone. */
export function createLife(born: Pod, around: Surroundings): Life {
  const { store, now, timing } = around;
  const steps = createSteps(keyOf(born), born.metadata.uid, around);
  const { present, report, tell, later } = steps;
  let waitingFor: (() => void) | undefined;
  let stopping = false;

  function clear(): void {
    steps.clear();
    waitingFor = undefined;
  }

  /** Waits for a missing object: kubelet retries by itself, and a change of such objects is seen at once. */
  function waitThen(step: () => void): void {
    waitingFor = step;
    later(timing.pullBackOff, step);
  }

  function start(): void {
    const pod = present();
    if (!pod) return;
    if (!pod.status?.containerStatuses) {
      report(pod, { phase: "Pending", containers: () => waiting("ContainerCreating") });
    }
    const missing = missingForVolumes(store, pod);
    if (missing) {
      tell(pod, "Warning", "FailedMount", missing);
      waitThen(start);
      return;
    }
    for (const container of pod.spec.containers) {
      if (pulls(container)) tell(pod, "Normal", "Pulling", [container, `Pulling image "${container.image}"`]);
    }
    later(timing.podStart / 2, pulled);
  }

  function pulled(): void {
    const pod = present();
    if (!pod) return;
    const bad = pod.spec.containers.find(({ image }) => isMissing(store, image));
    if (bad) {
      failPull(steps, pod, bad);
      return;
    }
    for (const container of pod.spec.containers) {
      const took = `${Math.round(timing.podStart / 2)}ms`;
      const message = pulls(container)
        ? `Successfully pulled image "${container.image}" in ${took} (${took} including waiting). Image size: 412387601 bytes.`
        : `Container image "${container.image}" already present on machine`;
      tell(pod, "Normal", "Pulled", [container, message]);
    }
    create();
  }

  function create(): void {
    const pod = present();
    if (!pod) return;
    const podIP = pod.status?.podIP ?? around.nextAddress(pod.spec.nodeName!);
    const missing = new Map(
      pod.spec.containers.map((one) => [one.name, missingForEnvironment(store, pod, one)]),
    );
    const blocked = pod.spec.containers.filter(({ name }) => missing.get(name));
    if (blocked.length > 0) {
      const containers = ({ name }: Container): ContainerReport =>
        missing.get(name)
          ? waiting("CreateContainerConfigError", missing.get(name))
          : waiting("ContainerCreating");
      for (const container of blocked)
        tell(pod, "Warning", "Failed", [container, `Error: ${missing.get(container.name)}`]);
      report(pod, { phase: "Pending", podIP, containers });
      waitThen(create);
      return;
    }
    for (const container of pod.spec.containers) {
      tell(pod, "Normal", "Created", [container, `Created container: ${container.name}`]);
      tell(pod, "Normal", "Started", [container, `Started container ${container.name}`]);
    }
    const running = { state: { running: { startedAt: timestamp(now()) } }, started: true };
    report(pod, { phase: "Running", podIP, containers: () => running });
    if (endsByItself(pod)) runPrograms(steps, running);
    else later(timing.podStart / 2, () => settle(running));
  }

  /** Ready, or in the loop its image is made for. */
  function settle(running: ContainerReport): void {
    const pod = present();
    if (!pod) return;
    const fates = new Set(pod.spec.containers.map(({ image }) => fateOf(image)));
    if (fates.has("crash")) crash(steps, 0, timestamp(now()));
    else if (fates.has("oom")) serve(steps, pod, 0);
    else report(pod, { phase: "Running", containers: () => ({ ...running, ready: true }) });
  }

  function stopped(): void {
    const pod = present();
    if (!pod) return;
    if (endsByItself(pod)) {
      const state = { terminated: { exitCode: 137, reason: "Error", finishedAt: timestamp(now()) } };
      report(pod, { phase: "Failed", containers: () => ({ state }) });
    }
    const { namespace, name } = born.metadata;
    store.delete("pods", namespace, name, { manager: "kubelet", now: now(), gracePeriodSeconds: 0 });
  }

  return {
    start,
    resume: (pod) => crash(steps, restartsOf(pod), timestamp(now())),
    stop() {
      if (stopping) return;
      stopping = true;
      clear();
      const pod = present();
      for (const container of pod?.spec.containers ?? []) {
        const status = pod?.status?.containerStatuses?.find(({ name }) => name === container.name);
        if (pod && status?.state["running"])
          tell(pod, "Normal", "Killing", [container, `Stopping container ${container.name}`]);
      }
      later(timing.podStop, stopped);
    },
    referenceChanged(namespace) {
      const step = waitingFor;
      if (namespace !== born.metadata.namespace || !step || stopping) return;
      clear();
      later(0, step);
    },
    close: clear,
  };
}

/** A Job's pod, or one that `kubectl run --restart=Never` made: its programs come to an end. */
function endsByItself(pod: Pod): boolean {
  return (pod.spec.restartPolicy ?? "Always") !== "Always";
}

/** Whether a pod found unready is in a crash loop. */
export function isCrashing(pod: Pod): boolean {
  return restartsOf(pod) > 0 && pod.spec.containers.some(({ image }) => endingOf(image));
}

function pulls({ image, imagePullPolicy }: Container): boolean {
  return (
    imagePullPolicy === "Always" ||
    (imagePullPolicy === undefined && /(:latest|^[^:]+)$/.test(image)) ||
    fateOf(image) === "nopull"
  );
}
