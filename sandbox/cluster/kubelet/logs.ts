import { setTimeout as sleep } from "node:timers/promises";
import type { Container, Pod } from "../controllers/objects.ts";
import type { LogOptions, LogProvider } from "../logs.ts";
import type { Store } from "../store.ts";
import { endingOf, fateOf } from "./fates.ts";
import type { LogLine } from "./log-lines.ts";
import { linesOf } from "./log-lines.ts";
import { programLines, programOf } from "./programs.ts";
import { troubleOf } from "./programs-world.ts";

interface Run {
  image: string;
  /** Set when the container runs a program that comes to an end. */
  program?: { container: Container; exitCode: number | undefined; pod: Pod };
  startedAt: Date;
  finishedAt: Date | undefined;
}

/** Logs as the pretended programs would write them: the same container has always written the same lines. */
export function createLogs(store: Store, now: () => Date, pace = 1): LogProvider {
  function linesUntil(run: Run, end: Date): { at: number; time: Date; text: string }[] {
    const upMs = end.getTime() - run.startedAt.getTime();
    const lines = run.program ? saidBy(run.program, upMs) : linesOf(run.image, fateOf(run.image), upMs);
    return lines.map(({ at, text }) => ({ at, text, time: new Date(run.startedAt.getTime() + at) }));
  }

  /** A program that is over has said all it has to say. */
  function saidBy({ container, exitCode, pod }: NonNullable<Run["program"]>, upMs: number): LogLine[] {
    const program = programOf(container);
    const failed = exitCode === undefined ? troubleOf(store, pod, program) : exitCode !== program.exitCode;
    const lines = programLines(program, pace, failed || /fail/.test(container.image));
    return lines.filter(({ at }) => exitCode !== undefined || at <= upMs);
  }

  return async function* logs(object, options) {
    const pod = object as Pod;
    let run = runOf(pod, options);
    let sent = -1;
    let tail = options.tailLines;
    while (run) {
      const lines = linesUntil(run, run.finishedAt ?? now()).filter(
        ({ time, at }) => at > sent && isWanted(time, options),
      );
      for (const { at, time, text } of tail === undefined
        ? lines
        : lines.slice(Math.max(0, lines.length - tail))) {
        sent = at;
        yield options.timestamps ? `${time.toISOString().replace("Z", "000000Z")} ${text}` : text;
      }
      tail = undefined;
      if (!options.follow || run.finishedAt || !(await waited(options.signal))) return;
      const { namespace, name, uid } = pod.metadata;
      const present = store.get("pods", namespace, name) as Pod | undefined;
      run = present?.metadata.uid === uid ? runOf(present!, options) : undefined;
    }
  };
}

function isWanted(time: Date, { since }: LogOptions): boolean {
  return !since || time >= since;
}

/** False when nobody listens any more. */
async function waited(signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(250, undefined, { signal, ref: false });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** The present life of the container, or the one before: when it began and ended. */
function runOf(pod: Pod, { container, previous }: LogOptions): Run | undefined {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container);
  const last = status?.lastState["terminated"];
  const state = previous ? last : (status?.state["running"] ?? status?.state["terminated"] ?? last);
  const { startedAt, finishedAt, exitCode } = state ?? {};
  if (!status || typeof startedAt !== "string") return undefined;
  const program = programIn(pod, container, exitCode);
  return {
    image: status.image,
    ...(program && { program }),
    startedAt: new Date(startedAt),
    // A crash takes less than the second that timestamps are kept in: its last words still belong to it.
    finishedAt: typeof finishedAt === "string" ? new Date(Date.parse(finishedAt) + 999) : undefined,
  };
}

function programIn(pod: Pod, name: string, exitCode: unknown): Run["program"] {
  const container = pod.spec.containers.find((one) => one.name === name);
  const stays = (pod.spec.restartPolicy ?? "Always") === "Always";
  if (stays || !container || endingOf(container.image)) return undefined;
  return { container, pod, exitCode: typeof exitCode === "number" ? exitCode : undefined };
}
