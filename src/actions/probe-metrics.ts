import { z } from "zod";
import type { Metric } from "../domain/app.ts";
import { metricText } from "../domain/metric-text.ts";
import { defineProbe } from "./diagnose/probe.ts";

/** Within its bounds; null: it has none. */
function isWithin({ below, above }: Metric, value: number): boolean | null {
  if (below === undefined && above === undefined) return null;
  return (below === undefined || value < below) && (above === undefined || value > above);
}

function boundText({ below, above, unit }: Metric): string {
  const text = metricText[unit];
  if (below !== undefined) return ` (target below ${text(below)})`;
  return above === undefined ? "" : ` (target above ${text(above)})`;
}

/** Every metric of the app as it is at this moment, held against its target. */
export const probeMetrics = defineProbe({
  name: "probe-metrics",
  params: z.strictObject({}),
  title: ({ app }) => `metrics of ${app.name}`,

  async look({ app, metrics, target }) {
    const all = Object.entries(app.metrics);
    if (all.length === 0)
      return {
        state: "unknown",
        detail: `${app.name} has no metrics (apps.${app.name}.metrics in crai.yaml)`,
      };
    const seen = await Promise.all(
      all.map(async ([name, metric]) => {
        const { title, unit } = metric;
        const reading = await metrics.query(target.cluster, metric.query);
        if (!reading.known) return { name, title, text: `not known: ${reading.why}`, ok: null, known: false };
        const text = `${metricText[unit](reading.value)}${boundText(metric)}`;
        return { name, title, text, ok: isWithin(metric, reading.value), known: true };
      }),
    );
    if (seen.every(({ known }) => !known))
      return { state: "unknown", detail: `${seen[0]!.title}: ${seen[0]!.text}` };
    return {
      state: "done",
      evidence: seen.map(({ title, text, ok }) => ({ what: `${title}: ${text}`, ok })),
      values: { metrics: seen.map(({ name, title, text, ok }) => ({ name, title, text, ok })) },
    };
  },
});
