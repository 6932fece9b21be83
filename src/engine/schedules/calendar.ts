import type { Config } from "../../domain/config.ts";
import type { Every } from "../../domain/schedule.ts";
import { dayIn, timeOn } from "../time-of-day.ts";
import { dayAfter, fallsOn } from "./days.ts";

/** When the team works. */
export type WorkTimes = Pick<Config, "timeZone" | "holidays">;

/** One time at which a schedule falls due. */
export interface Moment {
  /** `2026-11-23`, by the clocks of the team. */
  day: string;
  at: Date;
}

/** Days that are looked ahead: a quarter, and the holidays at its beginning. */
const AHEAD = 200;

/** The first time after a moment. */
export function nextMoment(after: Date, every: Every, { timeZone, holidays }: WorkTimes): Moment {
  const free = new Set(holidays);
  let day = dayIn(timeZone, after);
  for (let count = 0; count < AHEAD; count += 1, day = dayAfter(day)) {
    if (!fallsOn(every, day, free)) continue;
    const at = timeOn(day, every.time, timeZone);
    if (at > after) return { day, at };
  }
  throw new Error(`No ${every.unit} within ${AHEAD} days of ${after.toISOString()}`);
}

/** Each of them after a moment and up to another, oldest first. */
export function momentsBetween(after: Date, to: Date, every: Every, times: WorkTimes): Moment[] {
  const found: Moment[] = [];
  for (let next = nextMoment(after, every, times); next.at <= to; next = nextMoment(next.at, every, times))
    found.push(next);
  return found;
}

/** Which day's time a moment is; by the calendar where it is none of them, since the schedule was another then. */
export function momentAt(at: Date, { time }: Every, { timeZone }: WorkTimes): Moment {
  const today = dayIn(timeZone, at);
  // A last hour of the day that the clocks skip is the first of the next one.
  const days = [dayAfter(today, -1), today];
  const day = days.find((one) => timeOn(one, time, timeZone).getTime() === at.getTime()) ?? today;
  return { day, at };
}
