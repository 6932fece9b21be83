import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../controllers/objects.ts";
import type { LogOptions, LogProvider } from "../logs.ts";
import type { Store } from "../store.ts";
import { fateOf } from "./fates.ts";
import { linesOf } from "./log-lines.ts";

interface Run {
  image: string;
  startedAt: Date;
  finishedAt: Date | undefined;
}

/** Logs as the pretended programs would write them: the same container has always written the same lines. */
export function createLogs(store: Store, now: () => Date): LogProvider {
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

function linesUntil({ image, startedAt }: Run, end: Date): { at: number; time: Date; text: string }[] {
  const lines = linesOf(image, fateOf(image), end.getTime() - startedAt.getTime());
  return lines.map(({ at, text }) => ({ at, text, time: new Date(startedAt.getTime() + at) }));
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
  const { startedAt, finishedAt } = state ?? {};
  if (!status || typeof startedAt !== "string") return undefined;
  return {
    image: status.image,
    startedAt: new Date(startedAt),
    // A crash takes less than the second that timestamps are kept in: its last words still belong to it.
    finishedAt: typeof finishedAt === "string" ? new Date(Date.parse(finishedAt) + 999) : undefined,
  };
}
