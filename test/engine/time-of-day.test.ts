import { expect, test } from "vitest";
import { dayIn, nextTimeOfDay } from "../../src/engine/time-of-day.ts";

test.each([
  ["later today", "2026-11-23T03:00:00Z", "09:00", "Asia/Kolkata", "2026-11-23T03:30:00.000Z"],
  ["tomorrow", "2026-11-23T23:00:00Z", "09:00", "America/Los_Angeles", "2026-11-24T17:00:00.000Z"],
  ["at that very moment: tomorrow", "2026-11-23T09:00:00Z", "09:00", "UTC", "2026-11-24T09:00:00.000Z"],
  [
    "in the hour that spring skips",
    "2026-03-28T12:00:00Z",
    "02:30",
    "Europe/Berlin",
    "2026-03-29T01:30:00.000Z",
  ],
  [
    "in the hour that autumn has twice",
    "2026-10-24T12:00:00Z",
    "02:30",
    "Europe/Berlin",
    "2026-10-25T01:30:00.000Z",
  ],
])("the next time of day %s", (...[, now, time, zone, next]) => {
  expect(nextTimeOfDay(new Date(now), time, zone).toISOString()).toBe(next);
});

test("a year of digests has one a day, whatever the clocks do", () => {
  let at = new Date("2025-12-31T12:00:00Z");
  const days = new Set<string>();
  for (let count = 0; count < 365; count++) {
    at = nextTimeOfDay(at, "02:30", "America/New_York");
    days.add(dayIn("America/New_York", at));
  }
  expect(days.size).toBe(365);
  expect([...days].at(-1)).toBe("2026-12-31");
});
