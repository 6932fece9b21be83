import type { Point } from "./chart.ts";

/** Less of a difference than this share is none: figures of a live system always move. */
const STEADY = 0.05;

function median(points: readonly Point[]): number {
  const values = points.map(({ value }) => value).toSorted((a, b) => a - b);
  return values[Math.floor(values.length / 2)]!;
}

/** How the last third of the readings compares with the first, as people say it; null: too few to say. */
export function trendText(points: readonly Point[]): string | null {
  const third = Math.floor(points.length / 3);
  if (third === 0) return null;
  const [before, after] = [median(points.slice(0, third)), median(points.slice(-third))];
  if (before === after) return "steady";
  const arrow = after > before ? "↗ up" : "↘ down";
  if (before === 0) return `${arrow} from 0`;
  const share = Math.abs((after - before) / before);
  if (share < STEADY) return "steady";
  return before > 0 && after / before >= 2
    ? `↗ ${Number((after / before).toPrecision(2))} times`
    : `${arrow} ${Math.round(share * 100)} %`;
}
