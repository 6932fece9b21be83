import { z } from "zod";
import { createGroups } from "./diagnose/group-lines.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { readLogs } from "./diagnose/read-logs.ts";
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

const mostGroups = 8;

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
    const groups = createGroups();
    const { pods: read, unread } = await readLogs(groups, context, { pods, lines });
    const found = groups.found(mostGroups);
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
