import { fromUnixTime } from "date-fns/fromUnixTime";
import { getUnixTime } from "date-fns/getUnixTime";
import { z } from "zod";
import type { Metrics, Reading } from "../../engine/ports.ts";

/** Instant and range answers of the HTTP API; values come as strings ("NaN", "+Inf"). */
const Sample = z.tuple([z.number(), z.string()]);
const Answer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    data: z.discriminatedUnion("resultType", [
      z.object({
        resultType: z.literal("vector"),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()).default({}), value: Sample })),
      }),
      z.object({ resultType: z.literal("matrix"), result: z.array(z.object({ values: z.array(Sample) })) }),
      z.object({ resultType: z.literal("scalar"), result: Sample }),
    ]),
  }),
  z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() }),
]);
type Answer = z.infer<typeof Answer>;

export interface MetricsOptions {
  /** Prometheus base URL by cluster name. */
  urls: Record<string, string | undefined>;
  /** ms */
  timeout?: number;
}

/** No data, NaN and no answer are "not known", never 0. */
function readingOf(answer: Answer): Reading {
  if (answer.status === "error")
    return { known: false, why: `Prometheus refused the query: ${answer.error}` };
  const { data } = answer;
  const samples =
    data.resultType === "scalar"
      ? [data.result]
      : data.result.map((series) => ("value" in series ? series.value : series.values.at(-1)));
  if (samples.length > 1)
    return { known: false, why: `the query gives ${samples.length} series and not one` };
  const text = samples[0]?.[1];
  if (text === undefined) return { known: false, why: "Prometheus has no data" };
  const value = Number(text);
  return Number.isFinite(value) ? { known: true, value } : { known: false, why: `the value is ${text}` };
}

function noAnswer(error: unknown): { known: false; why: string } {
  const why = error instanceof Error ? error.message : String(error);
  return { known: false, why: `Prometheus gave no answer: ${why}` };
}

export function createMetrics({ urls, timeout = 5000 }: MetricsOptions): Metrics {
  async function ask(cluster: string, path: string, parameters: Record<string, string>): Promise<Answer> {
    const base = urls[cluster];
    if (base === undefined) throw new Error(`no Prometheus is configured for ${cluster}`);
    const response = await fetch(`${base.replace(/\/+$/, "")}/api/v1/${path}`, {
      method: "POST",
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(timeout),
    });
    return Answer.parse(await response.json());
  }

  return {
    async query(cluster, promql) {
      try {
        return readingOf(await ask(cluster, "query", { query: promql }));
      } catch (error) {
        return noAnswer(error);
      }
    },

    async series(cluster, promql) {
      try {
        const answer = await ask(cluster, "query", { query: promql });
        if (answer.status === "error")
          return { known: false, why: `Prometheus refused the query: ${answer.error}` };
        if (answer.data.resultType !== "vector") return { known: false, why: "the query gives no series" };
        const samples = answer.data.result
          .map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }))
          .filter(({ value }) => Number.isFinite(value));
        return { known: true, samples };
      } catch (error) {
        return noAnswer(error);
      }
    },

    async range(cluster, promql, { from, to, stepMs }) {
      const answer = await ask(cluster, "query_range", {
        query: promql,
        start: String(getUnixTime(from)),
        end: String(getUnixTime(to)),
        step: String(Math.max(1, Math.round(stepMs / 1000))),
      });
      if (answer.status === "error" || answer.data.resultType !== "matrix") return [];
      const points = answer.data.result[0]?.values ?? [];
      return points
        .map(([at, value]) => ({ at: fromUnixTime(at), value: Number(value) }))
        .filter(({ value }) => Number.isFinite(value));
    },
  };
}
