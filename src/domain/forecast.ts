import type { Point } from "./chart.ts";

/** When a figure will be at its limit, if it goes on as it did. Days from the last reading. */
export type Forecast =
  /** Why nothing can be said. */
  | { known: false; why: string }
  /** It is there already. */
  | { known: true; at: "limit" }
  /** It does not grow, or it cannot be told from the ups and downs that it does. */
  | { known: true; at: "never"; perDay: number }
  /** `latest` null: as far as the readings can tell, perhaps never. */
  | { known: true; at: "later"; perDay: number; days: number; earliest: number; latest: number | null };

const DAY = 86_400_000;
/** Fewer readings say nothing of a slope. */
const LEAST = 8;
/** Neighboring readings are alike, and would pass for more certainty than there is: the medians of so many parts are fitted. */
const PARTS = 24;
/** Share of the stretch of time looked at that readings have to cover. */
const COVERED = 0.5;
/** Standard errors on both sides that hold 95 % (Student's t, 22 degrees of freedom). */
const WIDTH = 2.07;

interface Fit {
  /** Value at the last reading. */
  now: number;
  perDay: number;
  error: number;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** The medians of equal parts of the time; x in days before the last reading. */
function parts(points: readonly Point[], from: number, to: number): { x: number; y: number }[] {
  const groups = Map.groupBy(points, ({ at }) =>
    Math.min(PARTS - 1, Math.floor(((at.getTime() - from) / (to - from)) * PARTS)),
  );
  return [...groups.values()].map((group) => ({
    x: (median(group.map(({ at }) => at.getTime())) - to) / DAY,
    y: median(group.map(({ value }) => value)),
  }));
}

/** Least squares. */
function fit(points: readonly { x: number; y: number }[]): Fit {
  const count = points.length;
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / count;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const sxx = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  const perDay = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / sxx;
  const now = y - perDay * x;
  const rest = points.reduce((sum, point) => sum + (point.y - (now + perDay * point.x)) ** 2, 0);
  return { now, perDay, error: Math.sqrt(rest / (count - 2) / sxx) };
}

/** A straight line through the readings, and when it meets the limit from below; with the range that its slope leaves open. */
export function forecast(
  points: readonly Point[],
  { from, to, limit }: { from: Date; to: Date; limit: number },
): Forecast {
  const [first, last] = [points[0]?.at.getTime() ?? 0, points.at(-1)?.at.getTime() ?? 0];
  if (points.length < LEAST) return { known: false, why: "there are too few readings" };
  if (last - first < (to.getTime() - from.getTime()) * COVERED)
    return { known: false, why: "readings cover less than half of the time" };
  const groups = parts(points, first, last);
  if (groups.length < LEAST) return { known: false, why: "readings have too many gaps" };
  const { now, perDay, error } = fit(groups);
  if (now >= limit) return { known: true, at: "limit" };
  const [slow, fast] = [perDay - WIDTH * error, perDay + WIDTH * error];
  // A slope that may as well be none is no trend.
  if (perDay <= 0 || (slow <= 0 && perDay < fast / 2)) return { known: true, at: "never", perDay };
  const left = limit - now;
  return {
    known: true,
    at: "later",
    perDay,
    days: left / perDay,
    earliest: left / fast,
    latest: slow > 0 ? left / slow : null,
  };
}
