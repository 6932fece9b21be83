import { parseISO } from "date-fns/parseISO";
import { toDate } from "date-fns/toDate";
import { dayAfter } from "./schedules/days.ts";

const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making one takes far longer than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const made = Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
  formats.set(timeZone, made);
  return made;
}

/** What the clocks of a zone show at a moment, as if it were UTC: ms since 1970. */
function wallClock(at: Date, timeZone: string): number {
  // Swedish writes dates as ISO 8601 does.
  const shown = formatOf(timeZone).format(at);
  return parseISO(`${shown.replace(" ", "T")}Z`).getTime();
}

/** The moment at which the clocks of a zone show this; an hour they skip counts as the one after it. */
function moment(shown: number, timeZone: string): Date {
  const offset = (at: number): number => wallClock(toDate(at), timeZone) - at;
  const before = toDate(shown - offset(shown - DAY));
  const after = toDate(shown - offset(shown + DAY));
  // Shown twice: the later one. Shown never: as if the clocks had not been changed.
  return wallClock(after, timeZone) === shown ? after : before;
}

/** When the clocks of a zone show `HH:MM` on a day (`2026-11-23`): once, also on a day when they are changed. */
export function timeOn(day: string, time: string, timeZone: string): Date {
  return moment(parseISO(`${day}T${time}Z`).getTime(), timeZone);
}

/** The next time after `now` that the clocks of a zone show `HH:MM`; once a day, also when they are changed. */
export function nextTimeOfDay(now: Date, time: string, timeZone: string): Date {
  const day = dayIn(timeZone, now);
  const today = timeOn(day, time, timeZone);
  return today > now ? today : timeOn(dayAfter(day), time, timeZone);
}

/** `2026-11-23`, by the clocks of a zone. */
export function dayIn(timeZone: string, at: Date): string {
  return toDate(wallClock(at, timeZone)).toISOString().slice(0, 10);
}
