import { isUserError } from "../../domain/errors.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { createGroups } from "./group-lines.ts";
import { lastBytes } from "./last-bytes.ts";
import { Pod, selectorOf } from "./objects.ts";

type Where = Pick<ActionContext, "cluster" | "target">;

/** Bytes of one container's log. */
const mostBytes = 256 * 1024;
const mostContainers = 40;

interface ToRead {
  pod: string;
  container: string;
  previous: boolean;
}

/** The newest pods, the container before its restart too: that is where it says why it ended. */
async function containersOf({ cluster, target }: Where, most: number): Promise<ToRead[]> {
  const workload = await cluster.workload(target);
  let newest: { name: string; created: string; read: ToRead[] }[] = [];
  const own = { group: "", resource: "pods", namespace: target.namespace };
  for await (const item of cluster.objects.list(own, { labelSelector: selectorOf(workload) })) {
    const { metadata, status } = Pod.parse(item);
    const read = status.containerStatuses.flatMap(({ name: container, restartCount, state }) => [
      ...(state.waiting !== undefined && restartCount === 0
        ? []
        : [{ pod: metadata.name, container, previous: false }]),
      ...(restartCount > 0 ? [{ pod: metadata.name, container, previous: true }] : []),
    ]);
    newest.push({ name: metadata.name, created: metadata.creationTimestamp, read });
    if (newest.length > most * 4) newest = byAge(newest).slice(0, most);
  }
  return byAge(newest)
    .slice(0, most)
    .flatMap(({ read }) => read)
    .slice(0, mostContainers);
}

function byAge<T extends { created: string }>(pods: readonly T[]): T[] {
  return pods.toSorted((a, b) => b.created.localeCompare(a.created));
}

/** How much of the logs is read. `sinceSeconds`: nothing that is older, of containers that run. */
export interface Reach {
  pods: number;
  lines: number;
  sinceSeconds?: number;
}

/** Reads the newest pods of a workload into the groups; returns how many pods it read and what it could not read. */
export async function readLogs(
  groups: ReturnType<typeof createGroups>,
  { cluster, target }: Where,
  { pods, lines, sinceSeconds }: Reach,
): Promise<{ pods: number; unread: string[] }> {
  const containers = await containersOf({ cluster, target }, pods);
  const unread: string[] = [];
  await Promise.all(
    containers.map(async ({ pod, container, previous }) => {
      try {
        const text = await cluster.objects.logs(
          { namespace: target.namespace, name: pod, container },
          {
            tailLines: lines,
            ...(previous && { previous }),
            ...(sinceSeconds !== undefined && { sinceSeconds }),
          },
        );
        groups.take(lastBytes(text, mostBytes), pod, previous);
      } catch (error) {
        if (!isUserError(error) || isRefusal(error, "forbidden")) throw error;
        // A container that has not begun yet, or whose log is rotated away, has none.
        unread.push(`${pod}: ${error.message}`);
      }
    }),
  );
  return { pods: new Set(containers.map(({ pod }) => pod)).size, unread };
}
