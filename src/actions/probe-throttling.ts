import { z } from "zod";
import { defineProbe } from "./diagnose/probe.ts";
import { percentText } from "./diagnose/texts.ts";

/** A share of periods from which on users feel it. */
const high = 0.25;

/** Over all pods of the workload: cAdvisor counts the periods of the CPU quota, and those in which it ran out. */
function standardQuery(namespace: string, workload: string): string {
  // Names of workloads are DNS-1123 names: only a dot means something in a regular expression.
  const pods = `namespace="${namespace}",pod=~"${workload.replaceAll(".", "[.]")}-.*",container!=""`;
  const rate = (name: string): string => `sum(rate(${name}{${pods}}[5m]))`;
  return `${rate("container_cpu_cfs_throttled_periods_total")} / ${rate("container_cpu_cfs_periods_total")}`;
}

/** How often the app wanted CPU that its limit did not give it. */
export const probeThrottling = defineProbe({
  name: "probe-throttling",
  params: z.strictObject({}),
  title: ({ target }) => `CPU throttling of ${target.name}`,

  async look({ app, metrics, target }) {
    const query = app.diagnose?.throttling ?? standardQuery(target.namespace, target.name);
    const reading = await metrics.query(target.cluster, query);
    if (!reading.known)
      return { state: "unknown", detail: `Whether the CPU is throttled is not known: ${reading.why}` };
    return {
      state: "done",
      evidence: [
        { what: `CPU throttled in ${percentText(reading.value)} of its periods`, ok: reading.value < high },
      ],
      values: { share: reading.value },
    };
  },
});
