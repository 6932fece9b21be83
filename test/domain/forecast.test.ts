import { describe, expect, test } from "vitest";
import type { Point } from "../../src/domain/chart.ts";
import { forecast } from "../../src/domain/forecast.ts";

const DAY = 86_400_000;
const from = new Date("2026-11-16T00:00:00Z");
const to = new Date(from.getTime() + 7 * DAY);

/** Readings of a week, one each hour: a line, with ups and downs that always come out the same. */
function week(
  start: number,
  perDay: number,
  noise = 0,
  hours: readonly [number, number] = [0, 168],
): Point[] {
  let seed = 7;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647 - 0.5;
  return Array.from({ length: hours[1] - hours[0] + 1 }, (_, index) => ({
    at: new Date(from.getTime() + ((hours[0] + index) * DAY) / 24),
    value: start + (perDay * (hours[0] + index)) / 24 + noise * 2 * random(),
  }));
}

const window = { from, to, limit: 0.9 };

test("what grows evenly is at its limit when the line says so", () => {
  const seen = forecast(week(0.2, 0.05), window);
  // 0.55 after the week, and 0.35 are left.
  expect(seen).toMatchObject({
    known: true,
    at: "later",
    perDay: expect.closeTo(0.05, 5),
    days: expect.closeTo(7, 1),
  });
});

test("ups and downs widen the range, and the true day lies in it", () => {
  const calm = forecast(week(0.2, 0.05, 0.01), window);
  const wild = forecast(week(0.2, 0.05, 0.1), window);
  if (!calm.known || calm.at !== "later" || !wild.known || wild.at !== "later")
    throw new Error("no forecast");
  expect(calm.latest! - calm.earliest).toBeLessThan(wild.latest! - wild.earliest);
  for (const { earliest, latest } of [calm, wild]) {
    expect(earliest).toBeLessThan(7);
    expect(latest).toBeGreaterThan(7);
  }
});

describe("nothing is promised", () => {
  test.each([
    ["of what stays as it is", week(0.4, 0, 0.05)],
    ["of what falls", week(0.8, -0.05)],
    ["of what never moves", week(0, 0)],
  ])("%s", (_, points) => {
    expect(forecast(points, window)).toMatchObject({ known: true, at: "never" });
  });

  test("of a few readings", () => {
    expect(forecast(week(0.2, 0.05).slice(0, 5), window)).toEqual({
      known: false,
      why: "there are too few readings",
    });
  });

  test("of readings that began only lately", () => {
    expect(forecast(week(0.2, 0.05, 0, [120, 168]), window)).toMatchObject({
      known: false,
      why: "readings cover less than half of the time",
    });
  });
});

test("what is over its limit already has no forecast but that", () => {
  expect(forecast(week(0.7, 0.05), window)).toEqual({ known: true, at: "limit" });
});

test("one spike is no trend", () => {
  const points = week(0.4, 0).map((point, index) => (index === 160 ? { ...point, value: 0.89 } : point));
  expect(forecast(points, window)).toMatchObject({ known: true, at: "never" });
});
