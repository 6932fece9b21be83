import type { Recorder } from "../controllers/events.ts";
import type { Container, ContainerStatus, Pod } from "../controllers/objects.ts";
import { keyOf, splitKey } from "../controllers/ownership.ts";
import { restartsOf } from "../controllers/pod-readiness.ts";
import { timestamp } from "../object.ts";
import type { Store } from "../store.ts";
import { fateOf } from "./fates.ts";
import { containerId, statusOf } from "./pod-status.ts";
import type { ContainerReport, PodReport } from "./pod-status.ts";
import { missingForEnvironment, missingForVolumes } from "./references.ts";
import type { Timing } from "./timing.ts";

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

interface Surroundings {
  store: Store;
  now: () => Date;
  timing: Timing;
  record: Recorder;
  hostIP: string;
  nextAddress: (node: string) => string;
}

/** The life of one pod on its node. Every step reads the stored pod anew and is lost when the pod is gone. */
export function createLife(born: Pod, around: Surroundings): Life {
  const { store, now, timing } = around;
  const key = keyOf(born);
  const { uid } = born.metadata;
  const timers = new Set<NodeJS.Timeout>();
  let waitingFor: (() => void) | undefined;
  let stopping = false;

  function later(ms: number, step: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      step();
    }, ms);
    timer.unref();
    timers.add(timer);
  }

  function clear(): void {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
    waitingFor = undefined;
  }

  function present(): Pod | undefined {
    const pod = store.get("pods", ...splitKey(key)) as Pod | undefined;
    return pod?.metadata.uid === uid ? pod : undefined;
  }

  function report(pod: Pod, said: PodReport): void {
    const status = statusOf(pod, around.hostIP, said, now());
    store.updateStatus("pods", { ...pod, status }, { manager: "kubelet", now: now() });
  }

  function tell(
    pod: Pod,
    type: "Normal" | "Warning",
    reason: string,
    text: string | [Container, string],
  ): void {
    const [container, message] = typeof text === "string" ? [undefined, text] : text;
    around.record(pod, {
      type,
      reason,
      message,
      ...(container && { fieldPath: `spec.containers{${container.name}}` }),
    });
  }

  function waiting(reason: string, message?: string): ContainerReport {
    return { state: { waiting: { ...(message && { message }), reason } } };
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
    const bad = pod.spec.containers.find(({ image }) => fateOf(image) === "nopull");
    if (bad) {
      failPull(pod, bad, 0);
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
    const crashing = pod.spec.containers.some(({ image }) => fateOf(image) === "crash");
    later(timing.podStart / 2, crashing ? () => crash(0, timestamp(now())) : () => ready(running));
  }

  function ready(running: ContainerReport): void {
    const pod = present();
    if (pod) report(pod, { phase: "Running", containers: () => ({ ...running, ready: true }) });
  }

  function failPull(pod: Pod, bad: Container, attempt: number): void {
    const { image } = bad;
    const repository = `docker.io/library/${image.split(":")[0]}`;
    const why = `failed to pull and unpack image "${image}": failed to resolve reference "${repository}": not found`;
    tell(pod, "Warning", "Failed", [
      bad,
      `Failed to pull image "${image}": rpc error: code = NotFound desc = ${why}`,
    ]);
    tell(pod, "Warning", "Failed", [bad, "Error: ErrImagePull"]);
    const podIP = pod.status?.podIP ?? around.nextAddress(pod.spec.nodeName!);
    report(pod, { phase: "Pending", podIP, containers: blockedBy(bad, waiting("ErrImagePull", why)) });
    later(timing.pullBackOff / 4, () => backOffPull(bad, attempt));
  }

  function backOffPull(bad: Container, attempt: number): void {
    const pod = present();
    if (!pod) return;
    const message = `Back-off pulling image "${bad.image}"`;
    tell(pod, "Normal", "BackOff", [bad, message]);
    tell(pod, "Warning", "Failed", [bad, "Error: ImagePullBackOff"]);
    report(pod, { phase: "Pending", containers: blockedBy(bad, waiting("ImagePullBackOff", message)) });
    later(backOff(timing.pullBackOff, attempt), () => pullAgain(bad, attempt + 1));
  }

  function pullAgain(bad: Container, attempt: number): void {
    const pod = present();
    if (!pod) return;
    tell(pod, "Normal", "Pulling", [bad, `Pulling image "${bad.image}"`]);
    failPull(pod, bad, attempt);
  }

  function blockedBy(bad: Container, said: ContainerReport): PodReport["containers"] {
    return ({ name }) => (name === bad.name ? said : waiting("ContainerCreating"));
  }

  /** The crashing containers end with code 1; the first restart is at once, later ones wait longer and longer. */
  function crash(restarts: number, startedAt: string): void {
    const pod = present();
    if (!pod) return;
    const ended = (name: string, restart: number): ContainerStatus["state"] => ({
      terminated: {
        containerID: containerId(pod, name, restart),
        exitCode: 1,
        finishedAt: timestamp(now()),
        reason: "Error",
        startedAt,
      },
    });
    const states =
      (said: (name: string) => ContainerReport) =>
      (one: Container): ContainerReport => {
        const other = { state: { running: { startedAt } }, started: true, ready: true };
        return fateOf(one.image) === "crash" ? said(one.name) : other;
      };
    if (restarts === 0) {
      report(pod, { phase: "Running", containers: states((name) => ({ state: ended(name, 0) })) });
      later(timing.podStart / 4, () => crash(1, timestamp(now())));
      return;
    }
    const crashing = pod.spec.containers.filter(({ image }) => fateOf(image) === "crash");
    const wait = backOff(timing.crashBackOff, restarts - 1);
    for (const container of crashing) {
      if (restarts > 1)
        tell(pod, "Normal", "Pulled", [
          container,
          `Container image "${container.image}" already present on machine`,
        ]);
      tell(pod, "Normal", "Created", [container, `Created container: ${container.name}`]);
      tell(pod, "Normal", "Started", [container, `Started container ${container.name}`]);
      const who = `container ${container.name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${uid})`;
      tell(pod, "Warning", "BackOff", [container, `Back-off restarting failed ${who}`]);
    }
    const said = (name: string): ContainerReport => ({
      state: {
        waiting: {
          message: `back-off ${Math.round(wait / 1000)}s restarting failed container=${name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${uid})`,
          reason: "CrashLoopBackOff",
        },
      },
      lastState: ended(name, restarts),
      restartCount: restarts,
    });
    report(pod, { phase: "Running", containers: states(said) });
    later(wait, () => crash(restarts + 1, timestamp(now())));
  }

  return {
    start,
    resume: (pod) => crash(restartsOf(pod), timestamp(now())),
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
      later(timing.podStop, () => {
        const { namespace, name } = born.metadata;
        if (present())
          store.delete("pods", namespace, name, { manager: "kubelet", now: now(), gracePeriodSeconds: 0 });
      });
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

function pulls({ image, imagePullPolicy }: Container): boolean {
  return (
    imagePullPolicy === "Always" ||
    (imagePullPolicy === undefined && /(:latest|^[^:]+)$/.test(image)) ||
    fateOf(image) === "nopull"
  );
}

function backOff(first: number, times: number): number {
  return Math.min(first * 2 ** times, first * 30);
}
