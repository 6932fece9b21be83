import type { TopLevelSpec } from "vega-lite";
import type { Chart, ChartPanel, Point } from "../../domain/chart.ts";
import { metricText } from "../../domain/metric-text.ts";
import { placeLabels } from "./lanes.ts";

/** px; a picture is drawn at twice that. */
const size = { width: 860, panel: 150, lane: 16, between: 70 } as const;
/** ms; over more than this the days tell more than the hours. */
const LONG = 2 * 86_400_000;
/** More panels than this stand side by side: a column of them would not fit a screen. */
const MOST_IN_A_COLUMN = 4;
const color = {
  text: "#1d1c1d",
  quiet: "#616061",
  grid: "#e8e8e8",
  line: "#1264a3",
  bound: "#c4314b",
  mark: "#4a154b",
} as const;

const font = "DejaVu Sans";

/** Vega's expression for a value's text on the axis, in the metric's unit. */
const axisText: Record<ChartPanel["unit"], string> = {
  ratio: "format(datum.value * 100, '~r') + ' %'",
  seconds: "datum.value < 1 ? format(datum.value * 1000, '~r') + ' ms' : format(datum.value, '~r') + ' s'",
  perSecond: "format(datum.value, '~s') + '/s'",
  count: "format(datum.value, datum.value < 1 ? '~r' : '~s')",
  bytesPerSecond: "format(datum.value, '~s') + 'B/s'",
  watts: "format(datum.value, '~s') + 'W'",
  kilogramsPerHour: "format(datum.value, '~r') + ' kg/h'",
};

interface Cell {
  width: number;
  /** It is the lowest of its column: the one that shows the time. */
  isLast: boolean;
}

function time(chart: Chart, { width, isLast }: Cell) {
  return {
    field: "at",
    type: "temporal",
    scale: { type: "utc", domain: [chart.from.getTime(), chart.to.getTime()], nice: false },
    axis: {
      title: null,
      labels: isLast,
      ticks: isLast,
      grid: false,
      labelFlush: true,
      labelOverlap: true,
      tickCount: Math.round(width / 105),
      format: chart.to.getTime() - chart.from.getTime() > LONG ? "%b %d" : "%H:%M:%S",
    },
  } as const;
}

/** Where the app is no longer well, as a line with its value. */
function bounds({ unit, below, above }: ChartPanel) {
  return [
    ...(below === null ? [] : [{ value: below, label: `target below ${metricText[unit](below)}` }]),
    ...(above === null ? [] : [{ value: above, label: `target above ${metricText[unit](above)}` }]),
  ];
}

/** The axis reaches from 0 over everything that was measured, with room for a label. */
function highest({ points, below, above }: ChartPanel): number {
  const most = Math.max(0, below ?? 0, above ?? 0, ...points.map(({ value }) => value));
  return most === 0 ? 1 : most * 1.15;
}

/** Where readings are missing the line breaks off: nothing is drawn that was not measured. */
function withGaps(points: readonly Point[]): { at: number; value: number | null }[] {
  const times = points.map(({ at }) => at.getTime());
  const step = Math.min(...times.slice(1).map((at, index) => at - times[index]!));
  return points.flatMap(({ value }, index) => {
    const at = times[index]!;
    const before = times[index - 1] ?? at;
    const reading = { at, value };
    return at - before > 2.5 * step ? [{ at: before + step, value: null }, reading] : [reading];
  });
}

function panelSpec(chart: Chart, panel: ChartPanel, cell: Cell) {
  const domain = [0, highest(panel)];
  const y = {
    field: "value",
    type: "quantitative",
    scale: { domain, nice: false },
    axis: { title: null, tickCount: 4, labelExpr: axisText[panel.unit], gridColor: color.grid },
  } as const;
  const nothing = panel.points.length === 0 ? [{ at: chart.from.getTime(), value: domain[1]! / 2 }] : [];
  return {
    width: cell.width,
    height: size.panel,
    title: {
      text: panel.title,
      anchor: "start",
      frame: "group",
      fontSize: 13,
      fontWeight: "bold",
      color: color.text,
      offset: 6,
    },
    layer: [
      {
        data: { values: bounds(panel) },
        mark: { type: "rule", color: color.bound, strokeDash: [5, 4], strokeWidth: 1.2 },
        encoding: { y },
      },
      {
        data: { values: bounds(panel) },
        mark: { type: "text", align: "left", baseline: "bottom", dy: -3, fontSize: 11, color: color.bound },
        encoding: { y, x: { value: 4 }, text: { field: "label" } },
      },
      {
        data: { values: chart.marks.map(({ at }) => ({ at: at.getTime() })) },
        mark: { type: "rule", color: color.mark, strokeWidth: 1, opacity: 0.55, clip: true },
        encoding: { x: time(chart, cell) },
      },
      {
        data: { values: withGaps(panel.points) },
        mark: { type: "line", color: color.line, strokeWidth: 2, interpolate: "linear", clip: true },
        encoding: { x: time(chart, cell), y },
      },
      {
        data: { values: (panel.forecast ?? []).map(({ at, value }) => ({ at: at.getTime(), value })) },
        mark: {
          type: "line",
          color: color.line,
          strokeWidth: 2,
          strokeDash: [3, 4],
          opacity: 0.7,
          clip: true,
        },
        encoding: { x: time(chart, cell), y },
      },
      {
        data: { values: nothing },
        mark: { type: "text", align: "left", dx: 12, fontSize: 12, color: color.quiet },
        encoding: { x: time(chart, cell), y, text: { value: "no readings" } },
      },
    ],
  };
}

/** The marks' names, on as many lanes as keep them apart. */
function labelSpec(chart: Chart) {
  const placed = placeLabels(chart.marks, { ...chart, width: size.width });
  const lanes = Math.max(1, ...placed.map(({ lane }) => lane + 1));
  const values = placed.map(({ mark, x, lane, align }) => ({
    label: mark.label,
    x,
    y: (lanes - lane - 0.5) * size.lane,
    align,
  }));
  const looks = [
    // A halo keeps the line of a label on a higher lane from crossing the letters.
    { color: "white", stroke: "white", strokeWidth: 5 },
    { color: color.mark },
  ];
  const texts = looks.flatMap((look) => (["left", "right"] as const).map((align) => ({ look, align })));
  const sides = texts.map(({ look, align }) => ({
    data: { values: values.filter((value) => value.align === align) },
    mark: {
      type: "text",
      align,
      baseline: "middle",
      dx: align === "left" ? 3 : -3,
      fontSize: 11,
      fontWeight: "bold",
      ...look,
    },
    encoding: {
      x: { field: "x", type: "quantitative", axis: null, scale: { domain: [0, size.width] } },
      y: { field: "y", type: "quantitative", axis: null, scale: { domain: [lanes * size.lane, 0] } },
      text: { field: "label" },
    },
  }));
  const lines = {
    data: { values: values.map(({ x, y }) => ({ x, y, to: lanes * size.lane + 8 })) },
    mark: { type: "rule", color: color.mark, strokeWidth: 1, opacity: 0.55 },
    encoding: {
      x: { field: "x", type: "quantitative", axis: null, scale: { domain: [0, size.width] } },
      y: { field: "y", type: "quantitative", axis: null, scale: { domain: [lanes * size.lane, 0] } },
      y2: { field: "to" },
    },
  };
  return { width: size.width, height: lanes * size.lane, layer: [lines, ...sides] };
}

/**
 * A chart as Vega-Lite: labels of the marks on top, then a panel for each metric over one axis of time; many panels
 * without marks in two columns.
 */
export function chartSpec(chart: Chart): TopLevelSpec {
  const columns = chart.marks.length === 0 && chart.panels.length > MOST_IN_A_COLUMN ? 2 : 1;
  const width = columns === 1 ? size.width : (size.width - size.between) / 2;
  const panels = chart.panels.map((panel, index) =>
    panelSpec(chart, panel, { width, isLast: index >= chart.panels.length - columns }),
  );
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 18,
    title: {
      text: chart.title,
      subtitle: `${stamp(chart.from)} to ${stamp(chart.to)} UTC`,
      anchor: "start",
      fontSize: 16,
      fontWeight: "bold",
      color: color.text,
      subtitleColor: color.quiet,
      subtitleFontSize: 12,
      subtitlePadding: 4,
      offset: 12,
    },
    spacing: 14,
    config: {
      font,
      view: { stroke: null },
      axis: {
        labelColor: color.quiet,
        labelFontSize: 11,
        domainColor: color.grid,
        tickColor: color.grid,
        gridColor: color.grid,
      },
    },
    concat: [...(chart.marks.length === 0 ? [] : [labelSpec(chart)]), ...panels],
    columns,
  } as TopLevelSpec;
}

function stamp(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}
