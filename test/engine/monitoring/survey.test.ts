import { expect, test } from "vitest";
import type { Point } from "../../../src/domain/chart.ts";
import { trendText } from "../../../src/domain/trend.ts";
import type { Panel } from "../../../src/engine/monitoring/panels.ts";
import { chartOf, survey } from "../../../src/engine/monitoring/survey.ts";
import { surveyView } from "../../../src/engine/monitoring/survey-view.ts";
import type { Metrics } from "../../../src/engine/ports.ts";

const from = new Date("2026-11-22T14:00:00Z");
const at = (minutes: number): Date => new Date(from.getTime() + minutes * 60_000);
const to = at(60);

const errorRate: Panel = {
  title: "Error rate",
  query: "errors",
  unit: "ratio",
  below: 0.01,
  above: null,
  app: "api",
  environment: "prod",
  cluster: "prod",
};
const volume: Panel = { ...errorRate, title: "Volume", query: "volume", unit: "perSecond", below: null };

function series(values: readonly number[]): Point[] {
  return values.map((value, index) => ({ at: at(index), value }));
}

const charts = { png: async () => Buffer.from("picture") };
const away: Pick<Metrics, "query" | "range"> = {
  query: async () => ({ known: false, why: "Prometheus gave no answer: fetch failed" }),
  range: async () => Promise.reject(new Error("fetch failed")),
};

async function shown(metrics: Pick<Metrics, "query" | "range">, draw = charts) {
  const found = await survey(metrics, [errorRate, volume], { from, to });
  const { view, attachments } = await surveyView("Metrics", found, draw);
  return { view, text: JSON.stringify(view), attachments };
}

test("without Prometheus no target counts as met or missed, and nothing is drawn", async () => {
  const { view, text, attachments } = await shown(away);

  expect(view.summary).toBe("Metrics: None of 1 targets can be judged. 1 not known, which is neither.");
  expect(text).toContain("not known: Prometheus gave no answer: fetch failed");
  expect(text).toContain("There are no readings to draw.");
  expect(attachments).toEqual([]);
});

test("a picture that cannot be drawn keeps no figure back", async () => {
  const metrics: typeof away = {
    query: async () => ({ known: true, value: 0.12 }),
    range: async () => series([0.002, 0.002, 0.12]),
  };

  const { view, text, attachments } = await shown(metrics, {
    png: async () => Promise.reject(new Error("no font")),
  });

  expect(view.summary).toBe("Metrics: 1 of 1 targets missed: Error rate.");
  expect(text).toContain("The picture could not be drawn: no font.");
  expect(attachments).toEqual([]);
});

test("where readings began late, that part is looked at more closely and drawn alone", async () => {
  const asked: { from: Date; stepMs: number }[] = [];
  const metrics: typeof away = {
    query: async () => ({ known: true, value: 1 }),
    async range(_cluster, _query, window) {
      asked.push(window);
      return [{ at: at(55), value: 1 }];
    },
  };

  const found = await survey(metrics, [errorRate], { from, to });

  expect(asked.map((window) => [window.from, window.stepMs])).toEqual([
    [from, 20_000],
    // From the step before the first reading: where in it they began was not seen.
    [new Date(at(55).getTime() - 20_000), 2_000],
  ]);
  expect(chartOf("Metrics", found)?.from).toEqual(at(55));
});

test.each([
  ["steady within 5 %", [100, 101, 99, 100, 102, 103], "steady"],
  ["up by a share", [100, 100, 110, 120, 130, 130], "↗ up 30 %"],
  ["up by a multiple", [1, 1, 1, 3, 12, 12], "↗ 12 times"],
  ["down", [100, 100, 90, 60, 50, 50], "↘ down 50 %"],
  ["up from nothing", [0, 0, 0, 0, 2, 2], "↗ up from 0"],
  ["not swayed by one reading", [100, 100, 100, 100, 900, 100, 100, 100, 100], "steady"],
  ["not told of two readings", [1, 2], null],
])("a trend is %s", (_name, values, text) => {
  expect(trendText(series(values))).toBe(text);
});
