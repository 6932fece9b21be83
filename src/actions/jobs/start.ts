import { cleanLine } from "../../domain/clean-text.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Objects } from "../../engine/ports.ts";
import type { Watched } from "./watched.ts";
import { Event, type JobObject, type JobPod } from "./shapes.ts";

interface Started {
  job: JobObject;
  pod: JobPod | null;
  objects: Objects;
  sinceMs: number;
}

interface Why {
  why: string;
  /** It will not start by itself any more, or took too long. */
  final: boolean;
}

/** What stands behind a container that waits, and what to do about it. */
const obstacles: readonly { reasons: readonly string[]; what: (watched: Watched) => string; next: string }[] =
  [
    {
      reasons: ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"],
      what: ({ image }) => `its image ${image} cannot be pulled`,
      next: "Check the image's name and tag, and that the cluster may pull it",
    },
    {
      reasons: ["CreateContainerConfigError"],
      what: () => "a Secret or ConfigMap that it needs is not there",
      next: "Make it, or correct the Job in crai.yaml",
    },
    {
      reasons: ["CreateContainerError", "RunContainerError"],
      what: () => "its program cannot be started",
      next: "Correct its command in crai.yaml",
    },
  ];

/** Why no pod is made for it: quota, admission, a missing service account. */
async function refusedPod({ job, objects }: Started, { ref }: Watched): Promise<string | null> {
  const events = { group: "", resource: "events", namespace: ref.namespace };
  const query = { fieldSelector: `involvedObject.uid=${job.metadata.uid}` };
  let last: string | null = null;
  try {
    for await (const item of objects.list(events, query)) {
      const { reason, message } = Event.parse(item);
      if (reason === "FailedCreate") last = cleanLine(message);
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return last;
}

/** Why a Job that was made has not started. */
export async function whyNotStarted(watched: Watched, started: Started): Promise<Why> {
  const { pod, sinceMs } = started;
  const stuck = sinceMs >= watched.stuckAfterMs;
  const late = sinceMs >= watched.startWithinMs;
  const within = late ? ` within ${formatDuration(watched.startWithinMs)}` : "";
  if (pod === null) {
    const refused = await refusedPod(started, watched);
    if (refused === null) return { why: `it got no pod${within}`, final: late };
    return { why: `the cluster makes no pod for it (${refused})`, final: stuck || late };
  }
  const waiting = pod.status.containerStatuses.find(({ state }) => state.waiting !== undefined)?.state
    .waiting;
  const obstacle = obstacles.find(({ reasons }) => reasons.includes(waiting?.reason ?? ""));
  if (obstacle !== undefined) {
    const said = cleanLine(waiting?.message ?? "");
    const why = `${obstacle.what(watched)}${said === "" ? "" : ` (${said.slice(0, 300)})`}. ${obstacle.next}`;
    return { why, final: stuck || late };
  }
  const unscheduled = pod.status.conditions.find(
    ({ type, status }) => type === "PodScheduled" && status === "False",
  );
  if (unscheduled !== undefined)
    return { why: `no node has room for it${within} (${cleanLine(unscheduled.message)})`, final: late };
  return { why: `its pod has not started${within}`, final: late };
}
