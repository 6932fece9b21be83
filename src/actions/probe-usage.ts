import { z } from "zod";
import { isError } from "../domain/errors.ts";
import { quantityOf } from "../domain/quantity.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { isOwn, Pod } from "./diagnose/objects.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { bytesText, coresText, percentText } from "./diagnose/texts.ts";
import type { Observation } from "../engine/playbooks/action.ts";
import type { UsageSeen } from "./diagnose/seen.ts";

const PodMetrics = z.object({
  metadata: z.object({ name: z.string() }),
  containers: z.array(
    z.object({ usage: z.object({ cpu: z.string().default("0"), memory: z.string().default("0") }) }),
  ),
});

/** Pods that are told of, by each of the two. */
const most = 5;
const high = 0.8;

type Kind = "cpu" | "memory";
type Amounts = { pod: string } & Record<Kind, number>;

function topBy(all: readonly Amounts[], kind: Kind): Amounts[] {
  return all.toSorted((a, b) => b[kind] - a[kind]).slice(0, most);
}

/** Of all containers together; null: at least one has no limit. */
function limitOf(pod: Pod, kind: Kind): number | null {
  let sum = 0;
  for (const { resources } of pod.spec.containers) {
    const limit = quantityOf(String(resources.limits[kind] ?? ""));
    if (limit === null) return null;
    sum += limit;
  }
  return sum > 0 ? sum : null;
}

function absent(why: string): Observation {
  return {
    state: "unknown",
    detail: `How much CPU and memory the pods use is not known: ${why}`,
  };
}

/** What `kubectl top pods` shows, held against the limits. */
export const probeUsage = defineProbe({
  name: "probe-usage",
  params: z.strictObject({}),
  title: ({ target }) => `CPU and memory of the pods in ${target.namespace}`,
  calls: ({ target: { namespace } }) => [
    { verb: "list", group: "metrics.k8s.io", resource: "pods", namespace },
    { verb: "get", group: "", resource: "pods", namespace },
  ],
  kubectl: ({ target }) => [
    `kubectl top pods -n ${target.namespace} --sort-by=cpu`,
    `kubectl top pods -n ${target.namespace} --sort-by=memory`,
  ],

  async look(context) {
    const { cluster, target } = context;
    const { namespace } = target;
    let all: Amounts[] = [];
    try {
      for await (const item of cluster.objects.list({
        group: "metrics.k8s.io",
        resource: "pods",
        namespace,
      })) {
        const { metadata, containers } = PodMetrics.parse(item);
        const sum = (kind: Kind): number =>
          containers.reduce((total, { usage }) => total + (quantityOf(usage[kind]) ?? 0), 0);
        all.push({ pod: metadata.name, cpu: sum("cpu"), memory: sum("memory") });
        if (all.length > 200) all = [...new Set([...topBy(all, "cpu"), ...topBy(all, "memory")])];
      }
    } catch (error) {
      // An API that is served by a program of its own can be away while the cluster is there.
      if (isError(error, "ClusterUnreachable")) return absent("the metrics API gives no answer.");
      if (!isRefusal(error, "not-found")) throw error;
      return absent("the cluster has no metrics API (metrics.k8s.io). Install metrics-server to see it.");
    }
    const top = { cpu: topBy(all, "cpu"), memory: topBy(all, "memory") };
    const named = [...new Set([...top.cpu, ...top.memory].map(({ pod }) => pod))];
    const pods = new Map<string, Pod>();
    await Promise.all(
      named.map(async (name) => {
        const pod = await cluster.objects.get({ group: "", resource: "pods", namespace, name });
        if (pod !== null) pods.set(name, Pod.parse(pod));
      }),
    );
    const used = (kind: Kind): UsageSeen[Kind] =>
      top[kind].map(({ pod: name, [kind]: amount }) => {
        const pod = pods.get(name);
        const limit = pod === undefined ? null : limitOf(pod, kind);
        return {
          pod: name,
          own: pod !== undefined && isOwn(pod, context),
          amount,
          share: limit === null ? null : amount / limit,
        };
      });
    const seen: UsageSeen = { cpu: used("cpu"), memory: used("memory") };
    const text = (kind: Kind, { pod, amount, share }: UsageSeen[Kind][number]): string =>
      `${pod}: ${kind === "cpu" ? coresText(amount) : bytesText(amount)}${share === null ? ", no limit" : `, ${percentText(share)} of its limit`}`;
    const evidence = (["cpu", "memory"] as const).flatMap((kind) =>
      seen[kind]
        .slice(0, 3)
        .map((one) => ({ what: text(kind, one), ok: one.share === null ? null : one.share < high })),
    );
    if (evidence.length === 0) return absent("the metrics API knows none of them yet.");
    return { state: "done", evidence, values: seen };
  },
});
