import { addMilliseconds } from "date-fns/addMilliseconds";
import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { metricText } from "../domain/metric-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { trendText } from "../domain/trend.ts";
import { survey, type Surveyed } from "../engine/monitoring/survey.ts";
import { panelsHere } from "./maintenance/panels-here.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  of: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe("names under `dashboards`; default: all of them"),
  panels: z
    .array(z.string())
    .min(1)
    .nullable()
    .default(null)
    .describe("titles of the panels that count; default: all of them"),
  since: z.union([z.int(), Duration]).default(86_400_000).describe("how far back the trend is looked for"),
});
type Params = z.infer<typeof Params>;

function isMet({ below, above }: Surveyed["panel"], value: number): boolean | null {
  if (below === null && above === null) return null;
  return (below === null || value < below) && (above === null || value > above);
}

function evidenceOf({ panel, now, points }: Surveyed): Evidence {
  if (!now.known) return { what: `${panel.title} is not known: ${now.why}`, ok: null };
  const text = metricText[panel.unit];
  const bounds = [
    ...(panel.above === null ? [] : [`above ${text(panel.above)}`]),
    ...(panel.below === null ? [] : [`below ${text(panel.below)}`]),
  ];
  const target = bounds.length === 0 ? "" : ` (target ${bounds.join(" and ")})`;
  const trend = trendText(points);
  // What has no target cannot miss it.
  const ok = isMet(panel, now.value) ?? true;
  return { what: `${panel.title} ${text(now.value)}${target}${trend === null ? "" : `, ${trend}`}`, ok };
}

/** Whether everything that the dashboards show is within its target, and how it went. */
export const dashboardCheck = defineCheck<Params>({
  name: "dashboard-check",
  params: Params,
  title: ({ of }) => (of === null ? "all dashboards" : `dashboards ${of.join(", ")}`),
  calls: () => [],
  async look({ of, panels: titles, since }, context) {
    const to = context.now();
    const panels = panelsHere(context, of).filter(({ title }) => titles === null || titles.includes(title));
    const { all } = await survey(context.metrics, panels, { from: addMilliseconds(to, -since), to });
    const evidence = all.map(evidenceOf);
    // What is wrong comes first: of many lines people read the first.
    return evidence.toSorted((a, b) => Number(a.ok === true) - Number(b.ok === true));
  },
});
