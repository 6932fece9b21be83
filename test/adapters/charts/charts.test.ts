import { expect, test } from "vitest";
import { createCharts } from "../../../src/adapters/charts/charts.ts";
import { placeLabels } from "../../../src/adapters/charts/lanes.ts";
import type { Chart } from "../../../src/domain/chart.ts";

const from = new Date("2026-11-22T14:00:00Z");
const at = (minutes: number): Date => new Date(from.getTime() + minutes * 60_000);
const axis = { from, to: at(100), width: 1000 };

const chart: Chart = {
  title: "inc-0012-api: api in prod",
  from,
  to: at(40),
  panels: [
    {
      title: "Error rate",
      unit: "ratio",
      below: 0.01,
      above: null,
      points: Array.from({ length: 80 }, (_, index) => ({
        at: at(index / 2),
        value: index > 20 && index < 40 ? 0.08 : 0.002,
      })),
    },
    { title: "Latency P95", unit: "seconds", below: 0.2, above: null, points: [] },
  ],
  marks: [
    { label: "Detected", at: at(11) },
    { label: "R1", at: at(18) },
  ],
};

test("a chart is a picture, and the same chart the same picture", async () => {
  const charts = createCharts();

  const [first, second] = [await charts.png(chart), await charts.png(structuredClone(chart))];

  expect(first.subarray(1, 4).toString()).toBe("PNG");
  expect(first.readUInt32BE(16)).toBeGreaterThan(1500);
  expect(second.equals(first)).toBe(true);
});

test("what is drawn changes the picture: the marks, and the readings", async () => {
  const charts = createCharts();
  const whole = await charts.png(chart);

  const unmarked = await charts.png({ ...chart, marks: [] });
  const unread = await charts.png({
    ...chart,
    panels: chart.panels.map((panel) => ({ ...panel, points: [] })),
  });

  expect(unmarked.equals(whole)).toBe(false);
  expect(unread.equals(whole)).toBe(false);
});

test("labels that would touch stand on lanes of their own", () => {
  const marks = [10, 11, 12, 60].map((minute) => ({ label: "Mitigated", at: at(minute) }));

  expect(placeLabels(marks, axis).map(({ lane }) => lane)).toEqual([0, 1, 2, 0]);
});

test("a label at the right edge stands to the left of its line, and one outside is left out", () => {
  const placed = placeLabels(
    [
      { label: "Resolved", at: at(99) },
      { label: "Later", at: at(101) },
    ],
    axis,
  );

  expect(placed).toMatchObject([{ align: "right", mark: { label: "Resolved" } }]);
});
