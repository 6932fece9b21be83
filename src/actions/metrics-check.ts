import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { type Metric, verifyingMetrics } from "../domain/app.ts";
import { metricText } from "../domain/metric-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { Reading } from "../engine/ports.ts";

const Params = z.strictObject({
  requests: z.int().min(0).default(50).describe("fewer requests than this say nothing about a rate"),
  grace: Duration.default(15_000).describe(
    "how long to wait for metrics that are not there at the end of the window",
  ),
});

type MetricState = {
  title: string;
  query: string;
  unit: Metric["unit"];
  below: number | null;
  above: number | null;
};

type MetricsState = {
  metrics: MetricState[];
  requests: string | null;
  enough: number;
  settleMs: number;
  windowMs: number;
  graceMs: number;
};

function targetText({ unit, below, above }: MetricState): string {
  const bounds = [
    ...(below === null ? [] : [`below ${metricText[unit](below)}`]),
    ...(above === null ? [] : [`above ${metricText[unit](above)}`]),
  ];
  return bounds.length === 0 ? "no target" : bounds.join(" and ");
}

function isWithin({ below, above }: MetricState, value: number): boolean {
  return (below === null || value < below) && (above === null || value > above);
}

function known(reading: Reading): number | null {
  return reading.known && Number.isFinite(reading.value) ? reading.value : null;
}

function evidenceOf(metric: MetricState, reading: Reading): Evidence {
  const value = known(reading);
  if (value === null)
    return { what: `${metric.title}: ${reading.known ? "not a number" : reading.why}`, ok: null };
  return {
    what: `${metric.title} ${metricText[metric.unit](value)} (target ${targetText(metric)})`,
    ok: isWithin(metric, value),
  };
}

interface Judged {
  evidence: Evidence[];
  /** Why nothing can be concluded; null: everything is known. */
  unknown: string | null;
}

async function read(state: MetricsState, { metrics, target }: ActionContext): Promise<Judged> {
  const [requests, ...readings] = await Promise.all([
    state.requests === null ? null : metrics.query(target.cluster, state.requests),
    ...state.metrics.map((metric) => metrics.query(target.cluster, metric.query)),
  ]);
  const evidence = state.metrics.map((metric, index) => evidenceOf(metric, readings[index]!));
  const dark = evidence.find(({ ok }) => ok === null);
  const count = requests && known(requests);
  if (requests !== null && count === null)
    return {
      evidence,
      unknown: `The number of requests is not known: ${requests.known ? "not a number" : requests.why}`,
    };
  if (count !== null && count < state.enough)
    return {
      evidence,
      unknown: `Only ${Math.round(count)} requests came in; it takes ${state.enough} to judge a rate`,
    };
  return { evidence, unknown: dark?.what ?? null };
}

function summary(evidence: readonly Evidence[]): string {
  return evidence.map(({ what }) => what).join("; ");
}

/** Watches the app's metrics for a while after the change: under target is done, over is failed, anything else unknown. */
export const metricsCheck = defineAction<z.infer<typeof Params>, MetricsState>({
  name: "metrics-check",
  params: Params,
  permission: "workload:read",

  async plan({ requests, grace }, { app, waits }) {
    const metrics = verifyingMetrics(app).map(({ title, query, unit, below = null, above = null }) => ({
      title,
      query,
      unit,
      below,
      above,
    }));
    const state: MetricsState = {
      metrics,
      requests: app.requests ?? null,
      enough: requests,
      ...waits,
      graceMs: grace,
    };
    const targets = metrics.map((metric) => `${metric.title} ${targetText(metric)}`).join(", ");
    return {
      title:
        metrics.length === 0
          ? "no metrics to check"
          : `${targets} for ${formatDuration(waits.windowMs)}, after ${formatDuration(waits.settleMs)} to settle`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest(metrics),
      inverse: null,
      state,
    };
  },

  async observe(state, context, since) {
    const { app, now } = context;
    if (state.metrics.length === 0)
      return {
        state: "unknown",
        detail: `${app.name} has no metric with a target (apps.${app.name}.metrics in crai.yaml)`,
      };
    const passed = now().getTime() - since.getTime();
    if (passed < state.settleMs) return { state: "pending", detail: "Letting it settle" };
    const { evidence, unknown } = await read(state, context);
    const leftMs = state.settleMs + state.windowMs - passed;
    if (leftMs > 0)
      return { state: "pending", detail: `${summary(evidence)}; ${formatDuration(leftMs)} to go` };
    if (unknown !== null) {
      if (-leftMs < state.graceMs) return { state: "pending", detail: unknown };
      return { state: "unknown", detail: unknown };
    }
    const over = evidence.filter(({ ok }) => ok === false);
    if (over.length === 0) return { state: "done", evidence };
    return { state: "failed", detail: summary(over), evidence };
  },
});
