import { z } from "zod";
import { isUserError } from "../domain/errors.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import { createGroups } from "./diagnose/group-lines.ts";
import { Pod, selectorOf } from "./diagnose/objects.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { onWorkload } from "./rollout/calls.ts";

const Params = z.strictObject({
  pods: z.int().min(1).max(20).default(6).describe("pods that are read, the newest first"),
  lines: z
    .int()
    .min(10)
    .max(5000)
    .default(500)
    .describe("lines that are read of each container, the last ones"),
});
type Params = z.infer<typeof Params>;

/** Bytes of one container's log. */
const limitBytes = 256 * 1024;
const mostGroups = 8;
const mostContainers = 40;

interface ToRead {
  pod: string;
  container: string;
  previous: boolean;
}

/** The newest pods, the container before its restart too: that is where it says why it ended. */
async function containersOf({ cluster, target }: ActionContext, most: number): Promise<ToRead[]> {
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

/** Errors in the logs of the app's newest pods: those that are alike counted together, with one example. */
export const probeLogs = defineProbe<Params>({
  name: "probe-logs",
  params: Params,
  title: ({ target }) => `errors in the logs of ${target.name}`,
  calls: ({ target }) => [
    ...onWorkload(target, ["get"]),
    { verb: "list", group: "", resource: "pods", namespace: target.namespace },
    { verb: "get", group: "", resource: "pods", subresource: "log", namespace: target.namespace },
  ],
  kubectl: ({ target }) => [`kubectl logs -n ${target.namespace} ${target.kind}/${target.name} --tail 500`],

  async look(context, { pods, lines }) {
    const { cluster, target } = context;
    const groups = createGroups();
    const containers = await containersOf(context, pods);
    const unread: string[] = [];
    await Promise.all(
      containers.map(async ({ pod, container, previous }) => {
        try {
          const text = await cluster.objects.logs(
            { namespace: target.namespace, name: pod, container },
            { tailLines: lines, limitBytes, ...(previous && { previous }) },
          );
          groups.take(text, pod, previous);
        } catch (error) {
          if (!isUserError(error) || isRefusal(error, "forbidden")) throw error;
          // A container that has not begun yet, or whose log is rotated away, has none.
          unread.push(`${pod}: ${error.message}`);
        }
      }),
    );
    const found = groups.found(mostGroups);
    const read = new Set(containers.map(({ pod }) => pod)).size;
    const errors = found.map(({ count, pods: where, example, previous }) => ({
      what: `×${count} in ${where.size} ${where.size === 1 ? "pod" : "pods"}${previous ? ", before a restart" : ""}: ${example}`,
      ok: false,
    }));
    const none = { what: `No errors in ${groups.lines()} lines of ${read} pods`, ok: true };
    return {
      state: "done",
      evidence: [
        ...(errors.length === 0 ? [none] : errors),
        ...unread.slice(0, 3).map((what) => ({ what: `Not read: ${what}`, ok: null })),
      ],
      values: {
        lines: groups.lines(),
        pods: read,
        groups: found.map(({ pods: where, ...group }) => ({ ...group, pods: where.size })),
      },
    };
  },
});
