import { z } from "zod";
import { metricText } from "../domain/metric-text.ts";
import { cleanLine } from "../domain/clean-text.ts";
import type { Sample } from "../engine/ports.ts";
import { defineProbe } from "./diagnose/probe.ts";

const most = 8;
/** Labels by which programs name an endpoint, the usual ones first. */
const names = ["endpoint", "handler", "route", "path", "uri"];

function nameOf({ labels }: Sample): string {
  const label = names.map((name) => labels[name]).find((value) => value !== undefined);
  const named = label ?? Object.values(labels).join(" ");
  return cleanLine([labels["method"], named].filter(Boolean).join(" ")).slice(0, 100) || "all requests";
}

/** P95 latency of each endpoint, the slowest first. */
export const probeEndpoints = defineProbe({
  name: "probe-endpoints",
  params: z.strictObject({}),
  title: ({ app }) => `P95 latency of ${app.name} by endpoint`,

  async look({ app, metrics, target }) {
    const query = app.diagnose?.endpoints;
    if (query === undefined)
      return {
        state: "unknown",
        detail: `Latency by endpoint is not configured (apps.${app.name}.diagnose.endpoints in crai.yaml)`,
      };
    const found = await metrics.series(target.cluster, query);
    if (!found.known) return { state: "unknown", detail: `Latency by endpoint is not known: ${found.why}` };
    if (found.samples.length === 0)
      return { state: "unknown", detail: "Prometheus has no latency by endpoint" };
    const slowest = found.samples
      .toSorted((a, b) => b.value - a.value)
      .slice(0, most)
      .map((sample) => ({ endpoint: nameOf(sample), seconds: sample.value }));
    const below = Object.values(app.metrics).find(({ unit }) => unit === "seconds")?.below;
    return {
      state: "done",
      evidence: slowest.map(({ endpoint, seconds }) => ({
        what: `${endpoint}: P95 ${metricText.seconds(seconds)}`,
        ok: below === undefined ? null : seconds < below,
      })),
      values: { endpoints: slowest },
    };
  },
});
