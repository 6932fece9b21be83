import { parseISO } from "date-fns/parseISO";
import { toDate } from "date-fns/toDate";

const DAY = 86_400_000;

/** What the clocks of a zone show at a moment, as if it were UTC: ms since 1970. */
function wallClock(at: Date, timeZone: string): number {
  // Swedish writes dates as ISO 8601 does.
  const shown = Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(at);
  return parseISO(`${shown.replace(" ", "T")}Z`).getTime();
}

/** The moment at which the clocks of a zone show this; an hour they skip counts as the one after it. */
function moment(shown: number, timeZone: string): Date {
  const offset = (at: number): number => wallClock(toDate(at), timeZone) - at;
  // The offset of the guess may be that of the other side of a change of the clocks.
  const guess = shown - offset(shown);
  return toDate(shown - offset(guess));
}

/** The next time after `now` that the clocks of a zone show `HH:MM`; once a day, also when they are changed. */
export function nextTimeOfDay(now: Date, time: string, timeZone: string): Date {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const midnight = Math.floor(wallClock(now, timeZone) / DAY) * DAY;
  const today = moment(midnight + (hours * 60 + minutes) * 60_000, timeZone);
  return today > now ? today : moment(midnight + DAY + (hours * 60 + minutes) * 60_000, timeZone);
}

/** `2026-11-23`, by the clocks of a zone. */
export function dayIn(timeZone: string, at: Date): string {
  return toDate(wallClock(at, timeZone)).toISOString().slice(0, 10);
}
