import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import type { Evidence } from "../domain/timeline.ts";
import { createGroups } from "./diagnose/group-lines.ts";
import { readLogs } from "./diagnose/read-logs.ts";
import { defineCheck } from "./preflight/define-check.ts";
import { onWorkload } from "./rollout/calls.ts";

const Params = z.strictObject({
  since: z.union([z.int(), Duration]).default(86_400_000).describe("how far back is looked"),
  lines: z.int().min(10).max(5000).default(2000).describe("lines of each container, the last ones"),
});
type Params = z.infer<typeof Params>;

/** Pods of one app that are read, and different errors that are told of. */
const pods = 3;
const mostErrors = 5;

/** Errors in the logs of all apps: those that are alike counted together, the most frequent first. */
export const errorsCheck = defineCheck<Params>({
  name: "errors-check",
  params: Params,
  title: ({ since }) => `errors in the logs of the last ${formatDuration(since)}`,
  calls: (_, { apps }) =>
    apps.flatMap(({ target }) => [
      ...onWorkload(target, ["get"]).map(({ cluster: _of, ...call }) => call),
      { verb: "list" as const, group: "", resource: "pods", namespace: target.namespace },
      { verb: "get" as const, group: "", resource: "pods", subresource: "log", namespace: target.namespace },
    ]),
  async look({ since, lines }, { cluster, apps }) {
    const found: (Evidence & { count: number })[] = [];
    const unread: string[] = [];
    const read = { pods: 0, lines: 0 };
    for (const { app, target } of apps) {
      const groups = createGroups();
      const reach = { pods, lines, sinceSeconds: Math.ceil(since / 1000) };
      const seen = await readLogs(groups, { cluster, target }, reach);
      read.pods += seen.pods;
      read.lines += groups.lines();
      unread.push(...seen.unread);
      for (const { count, example } of groups.found(mostErrors))
        found.push({ what: `${app.name} ×${count}: ${example}`, ok: false, count });
    }
    const worst = found.toSorted((a, b) => b.count - a.count);
    const told = worst.slice(0, mostErrors).map(({ what, ok }): Evidence => ({ what, ok }));
    const total = worst.reduce((sum, { count }) => sum + count, 0);
    const summary: Evidence =
      total === 0
        ? { what: `No errors in ${read.lines} lines of ${read.pods} pods`, ok: true }
        : { what: `${total} errors in ${read.lines} lines of ${read.pods} pods`, ok: false };
    const dark = unread.slice(0, 3).map((what): Evidence => ({ what: `Not read: ${what}`, ok: null }));
    return [summary, ...told, ...(total === 0 ? dark : [])];
  },
});
