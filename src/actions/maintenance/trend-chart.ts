import { addMilliseconds } from "date-fns/addMilliseconds";
import { toDate } from "date-fns/toDate";
import { z } from "zod";
import { Metric } from "../../domain/app.ts";
import type { Chart, Point } from "../../domain/chart.ts";
import type { Forecast } from "../../domain/forecast.ts";
import type { Surveyed } from "../../engine/monitoring/survey.ts";
import type { Json } from "../../engine/ports.ts";

/** A moment in ms since 1970, and what was measured, or would be. */
const Pair = z.tuple([z.number(), z.number()]);

/** The picture as a run keeps it. */
const Kept = z.object({
  title: z.string(),
  from: z.number(),
  to: z.number(),
  panels: z.array(
    z.object({
      title: z.string(),
      unit: Metric.shape.unit,
      below: z.number().nullable(),
      points: z.array(Pair),
      forecast: z.array(Pair),
    }),
  ),
});

const DAY = 86_400_000;

interface Drawn {
  title: string;
  from: Date;
  to: Date;
  all: readonly (Surveyed & { seen: Forecast })[];
}

/** The line goes on for half as long as it was measured. */
function horizon({ from, to }: Pick<Drawn, "from" | "to">): Date {
  return addMilliseconds(to, (to.getTime() - from.getTime()) / 2);
}

function lineOf(seen: Forecast, points: readonly Point[], end: Date): [number, number][] {
  const last = points.at(-1);
  if (!seen.known || seen.at !== "later" || last === undefined) return [];
  const [at, until] = [last.at.getTime(), end.getTime()];
  return [
    [at, last.value],
    [until, last.value + (seen.perDay * (until - at)) / DAY],
  ];
}

export function keepTrend({ title, from, to, all }: Drawn): Json {
  const end = horizon({ from, to });
  return {
    title,
    from: from.getTime(),
    to: end.getTime(),
    panels: all.map(({ panel, points, seen }) => ({
      title: panel.title,
      unit: panel.unit,
      below: panel.below,
      points: points.map(({ at, value }) => [at.getTime(), value]),
      forecast: lineOf(seen, points, end),
    })),
  };
}

/** null: it holds nothing to draw. */
export function trendChart(values: Json): Chart | null {
  const { data } = z.object({ trend: Kept }).safeParse(values);
  if (data === undefined || data.trend.panels.every(({ points }) => points.length < 2)) return null;
  const { title, from, to, panels } = data.trend;
  const pointsOf = (pairs: readonly (readonly [number, number])[]): Point[] =>
    pairs.map(([at, value]) => ({ at: toDate(at), value }));
  return {
    title,
    from: toDate(from),
    to: toDate(to),
    marks: [],
    panels: panels.map(({ points, forecast, ...panel }) => ({
      ...panel,
      above: null,
      points: pointsOf(points),
      forecast: pointsOf(forecast),
    })),
  };
}
