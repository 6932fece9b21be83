import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { formatDuration } from "../domain/deadline.ts";
import { patternOf } from "./diagnose/group-lines.ts";
import { hideSecrets } from "./diagnose/hide-secrets.ts";
import { defineProbe } from "./diagnose/probe.ts";

const Event = z.object({
  type: z.string().default(""),
  reason: z.string().default(""),
  message: z.string().default(""),
  count: z.number().nullish(),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: z.string().nullish() }),
  series: z.object({ count: z.number().default(1), lastObservedTime: z.string().nullish() }).nullish(),
  involvedObject: z.object({ kind: z.string().default(""), name: z.string().default("") }).prefault({}),
});
type Event = z.infer<typeof Event>;

interface Group {
  reason: string;
  about: string;
  message: string;
  count: number;
  last: string | null;
}

const mostGroups = 200;
const mostTold = 10;

function lastOf({ series, lastTimestamp, eventTime, metadata }: Event): string | null {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? null;
}

/** Pods of one workload have one trouble: what is random in their names goes. */
function aboutOf({ involvedObject: { kind, name } }: Event): string {
  const plain = kind === "Pod" ? name.replace(/(-[a-f0-9]{8,10})?-[a-z0-9]{5}$/, "") : name;
  return `${kind} ${plain}`;
}

function add(groups: Map<string, Group>, event: Event): void {
  const about = aboutOf(event);
  const message = hideSecrets(cleanLine(event.message)).slice(0, 300);
  const key = `${event.reason}\n${about}\n${patternOf(message)}`;
  const count = event.series?.count ?? event.count ?? 1;
  const last = lastOf(event);
  const known = groups.get(key);
  if (known) {
    known.count += count;
    if (last !== null && (known.last === null || last > known.last)) known.last = last;
  } else if (groups.size < mostGroups) groups.set(key, { reason: event.reason, about, message, count, last });
}

/** Warnings of the namespace, those that are alike counted together. */
export const probeEvents = defineProbe({
  name: "probe-events",
  params: z.strictObject({}),
  title: ({ target }) => `warnings in ${target.namespace}`,
  calls: ({ target: { namespace } }) => [{ verb: "list", group: "", resource: "events", namespace }],
  kubectl: ({ target }) => [`kubectl get events -n ${target.namespace} --field-selector type=Warning`],

  async look({ cluster, target: { namespace }, now }) {
    const groups = new Map<string, Group>();
    const all = { group: "", resource: "events", namespace };
    for await (const item of cluster.objects.list(all, { fieldSelector: "type=Warning" })) {
      const event = Event.parse(item);
      if (event.type === "Warning") add(groups, event);
    }
    const found = [...groups.values()]
      .toSorted((a, b) => (b.last ?? "").localeCompare(a.last ?? ""))
      .slice(0, mostTold);
    const age = (last: string | null): string =>
      last === null ? "" : `, last ${formatDuration(differenceInMilliseconds(now(), parseISO(last)))} ago`;
    return {
      state: "done",
      evidence:
        found.length === 0
          ? [{ what: `No warnings in ${namespace}`, ok: true }]
          : found.map(({ reason, about, message, count, last }) => ({
              what: `${reason} ${about} ×${count}${age(last)}: ${message}`,
              ok: false,
            })),
      values: { groups: found.map((one) => ({ ...one })) },
    };
  },
});
