import type { Container, ContainerStatus, Pod } from "../controllers/objects.ts";
import { timestamp } from "../object.ts";
import { endingOf, fateOf } from "./fates.ts";
import type { ContainerReport } from "./pod-status.ts";
import { backOff, backOffMessage, ended } from "./steps.ts";
import type { Steps } from "./steps.ts";

/** How often a container starts, is Ready for a while and runs out of memory: this many times podStart. */
const memoryLasts = 8;

/** The containers end; the first restart is at once, later ones wait longer and longer. */
export function crash(steps: Steps, restarts: number, startedAt: string): void {
  const { around, present, report, later } = steps;
  const pod = present();
  if (!pod) return;
  const { now, timing } = around;
  const end = ({ image, name }: Container, restart: number): ContainerStatus["state"] =>
    ended(pod, name, { ...endingOf(image)!, startedAt, restart, now: now() });
  if (restarts === 0) {
    report(pod, { phase: "Running", containers: others(startedAt, (one) => ({ state: end(one, 0) })) });
    later(timing.podStart / 4, () => next(steps, 1, startedAt));
    return;
  }
  const wait = backOff(timing.crashBackOff, restarts - 1);
  announce(steps, pod, restarts);
  const said = (one: Container): ContainerReport => ({
    state: { waiting: { message: backOffMessage(pod, one.name, wait), reason: "CrashLoopBackOff" } },
    lastState: end(one, restarts),
    restartCount: restarts,
  });
  report(pod, { phase: "Running", containers: others(startedAt, said) });
  later(wait, () => next(steps, restarts + 1, startedAt));
}

/** What runs out of memory serves until then; what crashes does so at its start. */
function next(steps: Steps, restarts: number, endedAt: string): void {
  const pod = steps.present();
  if (!pod) return;
  if (pod.spec.containers.some(({ image }) => fateOf(image) === "oom")) serve(steps, pod, restarts, endedAt);
  else crash(steps, restarts, timestamp(steps.around.now()));
}

/** Runs, Ready, with the last ending in its lastState, until memory runs out. */
export function serve(steps: Steps, pod: Pod, restarts: number, lastStart?: string): void {
  const { now, timing } = steps.around;
  const startedAt = timestamp(now());
  const running: ContainerReport = {
    state: { running: { startedAt } },
    started: true,
    ready: true,
    restartCount: restarts,
  };
  const said = ({ image, name }: Container): ContainerReport => {
    if (!lastStart) return running;
    const run = { ...endingOf(image)!, startedAt: lastStart, restart: restarts - 1, now: now() };
    const before = pod.status?.containerStatuses?.find((one) => one.name === name);
    const last = before?.state["terminated"] ? before.state : before?.lastState;
    return { ...running, lastState: last?.["terminated"] ? last : ended(pod, name, run) };
  };
  if (restarts > 0) announceStart(steps, pod);
  steps.report(pod, { phase: "Running", containers: others(startedAt, said) });
  steps.later(timing.podStart * memoryLasts, () => crash(steps, restarts, startedAt));
}

function others(
  startedAt: string,
  said: (container: Container) => ContainerReport,
): (container: Container) => ContainerReport {
  const running = { state: { running: { startedAt } }, started: true, ready: true };
  return (one) => (endingOf(one.image) ? said(one) : running);
}

function announceStart({ tell }: Steps, pod: Pod): void {
  for (const container of pod.spec.containers.filter(({ image }) => endingOf(image))) {
    const image = `Container image "${container.image}" already present on machine`;
    tell(pod, "Normal", "Pulled", [container, image]);
    tell(pod, "Normal", "Created", [container, `Created container: ${container.name}`]);
    tell(pod, "Normal", "Started", [container, `Started container ${container.name}`]);
  }
}

function announce({ tell }: Steps, pod: Pod, restarts: number): void {
  const { name, namespace, uid } = pod.metadata;
  for (const container of pod.spec.containers.filter(({ image }) => endingOf(image))) {
    if (fateOf(container.image) === "crash") {
      const image = `Container image "${container.image}" already present on machine`;
      if (restarts > 1) tell(pod, "Normal", "Pulled", [container, image]);
      tell(pod, "Normal", "Created", [container, `Created container: ${container.name}`]);
      tell(pod, "Normal", "Started", [container, `Started container ${container.name}`]);
    }
    const who = `container ${container.name} in pod ${name}_${namespace}(${uid})`;
    tell(pod, "Warning", "BackOff", [container, `Back-off restarting failed ${who}`]);
  }
}
