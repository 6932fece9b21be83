import type { Container, Pod } from "../controllers/objects.ts";
import { timestamp } from "../object.ts";
import { endingOf } from "./fates.ts";
import type { ContainerReport } from "./pod-status.ts";
import { programOf } from "./programs.ts";
import { troubleOf } from "./programs-world.ts";
import { backOff, backOffMessage, ended } from "./steps.ts";
import type { Ending, Steps } from "./steps.ts";

/** Runs the programs of a pod that comes to an end: the pod ends with the last of them. */
export function runPrograms(steps: Steps, running: ContainerReport, restarts = 0): void {
  const { around, present, report, later } = steps;
  const { timing } = around;
  const pod = present();
  if (!pod) return;
  const seconds = Math.max(...pod.spec.containers.map((container) => programOf(container).seconds));
  const startedAt = timestamp(around.now());
  const took = seconds * 1000 * timing.programPace;
  if (took > timing.podStart)
    later(timing.podStart / 2, () => {
      const now = present();
      if (now) report(now, { phase: "Running", containers: () => ({ ...running, ready: true }) });
    });
  later(took, () => finish(steps, startedAt, restarts));
}

function finish(steps: Steps, startedAt: string, restarts: number): void {
  const pod = steps.present();
  if (!pod) return;
  const { now } = steps.around;
  const ends = new Map(pod.spec.containers.map((one) => [one.name, endOf(steps, pod, one)]));
  const states = (name: string): ContainerReport["state"] =>
    ended(pod, name, { ...ends.get(name)!, startedAt, restart: restarts, now: now() });
  const failed = [...ends.values()].some(({ exitCode }) => exitCode !== 0);
  if (failed && pod.spec.restartPolicy === "OnFailure") {
    startAgain(steps, pod, { restarts: restarts + 1, states });
    return;
  }
  steps.report(pod, {
    phase: failed ? "Failed" : "Succeeded",
    containers: ({ name }) => ({ state: states(name), restartCount: restarts }),
  });
}

function endOf({ around }: Steps, pod: Pod, container: Container): Ending {
  const doomed = endingOf(container.image);
  if (doomed) return doomed;
  const program = programOf(container);
  const exitCode = troubleOf(around.store, pod, program) ? program.failure : program.exitCode;
  return { exitCode, reason: exitCode === 0 ? "Completed" : "Error" };
}

function startAgain(
  steps: Steps,
  pod: Pod,
  { restarts, states }: { restarts: number; states: (name: string) => ContainerReport["state"] },
): void {
  const { around, report, later, present } = steps;
  const wait = backOff(around.timing.crashBackOff, restarts - 1);
  const said = ({ name }: Container): ContainerReport => ({
    state: { waiting: { message: backOffMessage(pod, name, wait), reason: "CrashLoopBackOff" } },
    lastState: states(name),
    restartCount: restarts,
  });
  report(pod, { phase: "Running", containers: said });
  later(wait, () => {
    const again = present();
    if (!again) return;
    const lastState = (name: string) =>
      again.status?.containerStatuses?.find((one) => one.name === name)?.lastState ?? {};
    const running = { state: { running: { startedAt: timestamp(around.now()) } }, started: true };
    report(again, {
      phase: "Running",
      containers: ({ name }) => ({ ...running, lastState: lastState(name), restartCount: restarts }),
    });
    runPrograms(steps, { ...running, restartCount: restarts }, restarts);
  });
}
