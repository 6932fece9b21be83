import { addMilliseconds } from "date-fns/addMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { type Every, type Unit, weekdays } from "../../domain/schedule.ts";

/** ms of a day of the calendar; no clock is changed in it. */
const DAY = 86_400_000;

function dateOf(day: string): Date {
  return parseISO(`${day}T00:00:00Z`);
}

/** The day that comes so many days after this one (`2026-11-23`), in the calendar. */
export function dayAfter(day: string, days = 1): string {
  return addMilliseconds(dateOf(day), days * DAY)
    .toISOString()
    .slice(0, 10);
}

function weekdayOf(day: string): number {
  return dateOf(day).getUTCDay();
}

/** Days of the calendar that are free. */
type Holidays = ReadonlySet<string>;

function isHoliday(day: string, holidays: Holidays): boolean {
  return holidays.has(day) || holidays.has(day.slice(5));
}

function isWorkingDay(day: string, holidays: Holidays): boolean {
  return ![0, 6].includes(weekdayOf(day)) && !isHoliday(day, holidays);
}

/** The first day of the week (from that weekday), month or quarter that a day is in, and of the next one. */
function periodOf(unit: Exclude<Unit, "day" | "working day">, day: string): [first: string, next: string] {
  if (unit === "month" || unit === "quarter") {
    const months = unit === "month" ? 1 : 3;
    const [year = 0, month = 1] = day.split("-").map(Number);
    const first = Math.floor((month - 1) / months) * months;
    const at = (index: number): string =>
      `${year + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}-01`;
    return [at(first), at(first + months)];
  }
  const since = (weekdayOf(day) - weekdays.indexOf(unit) + 7) % 7;
  const first = dayAfter(day, -since);
  return [first, dayAfter(first, 7)];
}

/**
 * Whether a schedule falls on a day (`2026-11-23`). One of a week, month or quarter falls on its first working day, and on
 * its first day where it has none, so that no holiday takes it away or brings two together. Whoever names Saturday or
 * Sunday means it.
 */
export function fallsOn({ unit }: Pick<Every, "unit">, day: string, holidays: Holidays): boolean {
  if (unit === "day") return true;
  if (unit === "working day") return isWorkingDay(day, holidays);
  const [first, next] = periodOf(unit, day);
  if (unit === "saturday" || unit === "sunday") return day === first;
  for (let one = first; one < next; one = dayAfter(one)) if (isWorkingDay(one, holidays)) return day === one;
  return day === first;
}
