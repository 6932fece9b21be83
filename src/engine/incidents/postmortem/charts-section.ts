import { formatDuration } from "../../../domain/deadline.ts";
import { digest } from "../../../domain/hash.ts";
import type { Incident } from "../../../domain/incident.ts";
import { metricText } from "../../../domain/metric-text.ts";
import type { ReadingsKept } from "../../../domain/readings.ts";
import { code, heading, plain, table } from "../markdown.ts";

/** What a post-mortem shows of the app's metrics; null: nothing, as nothing of it is measured. */
export type PostMortemCharts = { picture: string | null; readings: ReadingsKept } | { why: string } | null;

type Panel = ReadingsKept["panels"][number];

/** The reading that says most about how bad it was: the highest, or the lowest where only that has a bound. */
function worst({ points, below, above }: Panel): number | undefined {
  const values = points.map(([, value]) => value);
  if (values.length === 0) return undefined;
  return below === null && above !== null ? Math.min(...values) : Math.max(...values);
}

/** What was usual before: the middle one of the readings until then. */
function usual({ points }: Panel, until: Date): number | undefined {
  const values = points.filter(([at]) => at < until.getTime()).map(([, value]) => value);
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function rowOf(panel: Panel, detectedAt: Date): string[] {
  const { title, unit, below, above, points } = panel;
  const text = (value: number | undefined): string =>
    value === undefined ? "not known" : metricText[unit](value);
  const bounds = [
    ...(below === null ? [] : [`below ${text(below)}`]),
    ...(above === null ? [] : [`above ${text(above)}`]),
  ];
  return [
    plain(title),
    bounds.join(" and ") || "none",
    text(usual(panel, detectedAt)),
    text(worst(panel)),
    text(points.at(-1)?.[1]),
  ];
}

/** How the app fared: the picture, and its figures for whoever cannot see it. */
export function chartsSection(charts: PostMortemCharts, { app, detectedAt }: Incident): string[] {
  if (charts === null) return [];
  if ("why" in charts) return [heading(2, "Charts"), `Prometheus gave no readings: ${plain(charts.why)}`];
  const { picture, readings } = charts;
  const { from, to, stepMs, panels } = readings;
  const names = panels.map(({ title }) => title).join(", ");
  return [
    heading(2, "Charts"),
    ...(picture === null
      ? ["The picture could not be drawn."]
      : [`![${plain(`${names} of ${app}`)}](${picture})`]),
    table([
      ["Metric", "Target", "Usual before", "Worst", "At the end"],
      ...panels.map((panel) => rowOf(panel, detectedAt)),
    ]),
    `Readings of Prometheus from ${stampOf(from)} to ${stampOf(to)} UTC, one every ${formatDuration(stepMs)}, kept with the incident. Their SHA-256: ${code(digest(readings))}`,
  ];
}

function stampOf(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}
