import { addMilliseconds } from "date-fns/addMilliseconds";
import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { type Forecast, forecast } from "../domain/forecast.ts";
import { metricText } from "../domain/metric-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { survey, type Surveyed } from "../engine/monitoring/survey.ts";
import { panelsHere } from "./maintenance/panels-here.ts";
import { keepTrend, trendChart } from "./maintenance/trend-chart.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  of: z.array(z.string()).min(1).default(["infrastructure"]).describe("names under `dashboards`"),
  since: z
    .union([z.int(), Duration])
    .default(7 * 86_400_000)
    .describe("readings that the forecast rests on"),
  within: z
    .union([z.int(), Duration])
    .default(30 * 86_400_000)
    .describe("what runs out sooner than this is said to be wrong"),
});
type Params = z.infer<typeof Params>;

const DAY = 86_400_000;
/** Nobody plans by a straight line that is this many times as long as what it rests on. */
const FARTHEST = 12;

function inDays(days: number, most: number): string {
  return days > most ? `more than ${Math.round(most)} days` : formatDuration(Math.max(3_600_000, days * DAY));
}

function said(seen: Forecast, { unit, below }: Surveyed["panel"], most: number): string {
  const limit = metricText[unit](below ?? 0);
  if (!seen.known) return `no forecast: ${seen.why}`;
  switch (seen.at) {
    case "limit":
      return `is at its limit of ${limit}`;
    case "never":
      return `does not grow towards ${limit}`;
    case "later": {
      const latest = seen.latest === null ? "never" : inDays(seen.latest, most);
      return `at this rate at ${limit} in ${inDays(seen.days, most)} (95 % sure: between ${inDays(seen.earliest, most)} and ${latest})`;
    }
  }
}

/** Bad is what may well run out within the time: the forecast itself, not its earliest end. */
function isFine(seen: Forecast, within: number): boolean | null {
  if (!seen.known) return null;
  if (seen.at === "later") return seen.days * DAY > within;
  return seen.at === "never";
}

/** How resources go, and when each will be at its limit if it goes on like this. */
export const trendCheck = defineCheck<Params>({
  name: "trend-check",
  params: Params,
  title: ({ of, since }) => `trend of ${of.join(", ")} over ${formatDuration(since)}`,
  calls: () => [],
  async look({ of, since, within }, context) {
    const to = context.now();
    const from = addMilliseconds(to, -since);
    // What has no upper bound cannot run out.
    const panels = panelsHere(context, of).filter(({ below }) => below !== null);
    const { all, from: measured } = await survey(context.metrics, panels, { from, to });
    const judged = all.map((one) => ({
      ...one,
      seen: forecast(one.points, { from, to, limit: one.panel.below ?? 0 }),
    }));
    const evidence = judged.map(({ panel, now, seen }): Evidence => {
      const value = now.known ? ` ${metricText[panel.unit](now.value)}` : "";
      return {
        what: `${panel.title}${value}: ${said(seen, panel, (since / DAY) * FARTHEST)}`,
        ok: isFine(seen, within),
      };
    });
    const title = `Trend of ${of.join(", ")} over ${formatDuration(since)}, and as it would go on`;
    return { evidence, values: { trend: keepTrend({ title, from: measured, to, all: judged }) } };
  },
  picture: trendChart,
});
