import { addHours } from "date-fns/addHours";
import { addDays } from "date-fns/addDays";
import { differenceInCalendarDays } from "date-fns/differenceInCalendarDays";
import { parseISO } from "date-fns/parseISO";
import { array, assert, integer, oneof, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { Schedule } from "../../src/domain/schedule.ts";
import { momentAt, momentsBetween, nextMoment } from "../../src/engine/schedules/calendar.ts";
import { dayAfter, fallsOn } from "../../src/engine/schedules/days.ts";
import { timeOn } from "../../src/engine/time-of-day.ts";

const [first, last] = ["2024-01-01", "2032-12-31"];

function every(text: string) {
  return Schedule.parse({ every: text, due: "1h" }).every;
}

/** ms that the clocks of a zone are ahead of UTC. */
function offsets(timeZone: string): (at: number) => number {
  const format = Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return (at) => parseISO(`${format.format(at).replace(" ", "T")}Z`).getTime() - at;
}

const hour = 3_600_000;

/** Moments at which the clocks of a zone are changed, to the minute, and by how much. */
function changes(timeZone: string): { at: number; from: number; to: number }[] {
  const offset = offsets(timeZone);
  const found: { at: number; from: number; to: number }[] = [];
  const step = 14 * 24 * hour;
  for (let start = parseISO(first).getTime(); start < parseISO(last).getTime(); start += step) {
    const from = offset(start);
    if (offset(start + step) === from) continue;
    let [before, after] = [start, start + step];
    while (after - before > 60_000) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle) === from) before = middle;
      else after = middle;
    }
    found.push({ at: Math.round(after / 60_000) * 60_000, from, to: offset(after) });
  }
  return found;
}

/** Of zones whose clocks are changed at the same moments by the same, one. */
function differentZones(): Map<string, string[]> {
  const bySignature = new Map(
    Intl.supportedValuesOf("timeZone").map((timeZone) => {
      const all = changes(timeZone);
      const days = all.map(({ at, from }) => new Date(at + from).toISOString().slice(0, 10));
      return [JSON.stringify(all), { timeZone, days }] as const;
    }),
  );
  return new Map([...bySignature.values()].map(({ timeZone, days }) => [timeZone, days]));
}

const halfHours = Array.from(
  { length: 48 },
  (_, index) => `${String(Math.floor(index / 2)).padStart(2, "0")}:${index % 2 === 0 ? "00" : "30"}`,
);

test(
  "no change of the clocks of any zone from 2024 to 2032 skips or doubles a day's time",
  { timeout: 120_000 },
  () => {
    let count = 0;
    const wrong: string[] = [];
    for (const [timeZone, changed] of differentZones()) {
      const times = { timeZone, holidays: [] };
      for (const change of changed) {
        const days = [-1, 0, 1, 2].map((distance) => dayAfter(change, distance)).join();
        for (const time of halfHours) {
          const rule = every(`day at ${time}`);
          const moments = days.split(",").map((day) => timeOn(day, time, timeZone));
          const between = momentsBetween(addHours(moments[0]!, -1), moments[3]!, rule, times);
          const named = moments.map((at) => momentAt(at, rule, times));
          for (const found of [between, named])
            if (found.map(({ day }) => day).join() !== days) wrong.push(`${timeZone} ${change} ${time}`);
          count += 1;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(10_000);
  },
);

test("an hour that spring skips counts as the one after it, on both sides of the ocean", () => {
  expect(timeOn("2026-03-29", "02:30", "Europe/Berlin").toISOString()).toBe("2026-03-29T01:30:00.000Z");
  expect(timeOn("2026-03-08", "02:30", "America/New_York").toISOString()).toBe("2026-03-08T07:30:00.000Z");
});

const day = integer({ min: 0, max: 3287 }).map((days) => dayAfter(first, days));

describe("with any holidays", () => {
  const holidays = array(
    oneof(
      day,
      day.map((one) => one.slice(5)),
    ),
    { maxLength: 400 },
  );

  test.each([
    ["monday", 7],
    ["saturday", 7],
    ["month", 31],
    ["quarter", 92],
  ])("a %s falls on exactly one day of each of its periods", (unit, longest) => {
    assert(
      property(day, holidays, (start, free) => {
        const rule = every(`${unit} at 09:00`);
        const found = momentsBetween(
          parseISO(`${start}T00:00:00Z`),
          addDays(parseISO(`${start}T00:00:00Z`), 400),
          rule,
          { timeZone: "UTC", holidays: free },
        );
        expect(found.length).toBeGreaterThanOrEqual(Math.floor(400 / longest) - 1);
        for (const [index, { at }] of found.slice(1).entries()) {
          const apart = differenceInCalendarDays(at, found[index]!.at);
          expect(apart).toBeGreaterThan(0);
          expect(apart).toBeLessThan(2 * longest);
        }
        const weeks = new Set(
          found.map(({ day: one }) =>
            unit === "month"
              ? one.slice(0, 7)
              : unit === "quarter"
                ? `${one.slice(0, 4)} ${Math.floor((Number(one.slice(5, 7)) - 1) / 3)}`
                : Math.floor((Date.parse(one) / 86_400_000 + (unit === "monday" ? 3 : 5)) / 7),
          ),
        );
        expect(weeks.size).toBe(found.length);
      }),
      { numRuns: 60 },
    );
  });

  test("a working day is never a weekend nor a holiday, and a day never waits", () => {
    assert(
      property(day, holidays, (one, free) => {
        const set = new Set(free);
        expect(fallsOn({ unit: "day" }, one, set)).toBe(true);
        if (!fallsOn({ unit: "working day" }, one, set)) return;
        expect([0, 6]).not.toContain(parseISO(`${one}T00:00:00Z`).getUTCDay());
        expect(set.has(one) || set.has(one.slice(5))).toBe(false);
      }),
    );
  });
});

test.each([
  ["working day at 09:00", "2026-12-24T10:00:00Z", "2026-12-28"],
  ["monday at 09:30", "2026-11-23T09:30:00Z", "2026-11-30"],
  ["month at 10:00", "2026-12-02T00:00:00Z", "2027-01-04"],
  ["quarter at 10:30", "2026-11-23T00:00:00Z", "2027-01-04"],
  ["sunday at 03:00", "2026-11-23T00:00:00Z", "2026-11-29"],
])("%s comes after %s on %s, when Christmas and New Year are free", (text, after, expected) => {
  const times = { timeZone: "UTC", holidays: ["12-25", "01-01"] };
  expect(nextMoment(new Date(after), every(text), times).day).toBe(expected);
});
