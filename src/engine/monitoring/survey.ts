import { addMilliseconds } from "date-fns/addMilliseconds";
import { max } from "date-fns/max";
import { min } from "date-fns/min";
import type { Chart, Point } from "../../domain/chart.ts";
import type { Metrics, Reading } from "../ports.ts";
import type { Panel } from "./panels.ts";

/** What Prometheus says of one metric. */
export interface Surveyed {
  panel: Panel;
  now: Reading;
  /** Oldest first; empty: nothing is known of what was. */
  points: Point[];
}

export interface Survey {
  from: Date;
  to: Date;
  all: Surveyed[];
}

/** Readings of one metric, more or less. */
const POINTS = 180;
/** Metrics that are asked at once: Prometheus has others to answer. */
const TOGETHER = 4;

async function ask(
  metrics: Pick<Metrics, "query" | "range">,
  panel: Panel,
  window: { from: Date; to: Date; stepMs: number },
): Promise<Surveyed> {
  const { cluster, query } = panel;
  const [now, points] = await Promise.all([
    metrics.query(cluster, query),
    // Why there is no answer is said by the reading of now.
    metrics.range(cluster, query, window).catch((): Point[] => []),
  ]);
  return { panel, now, points };
}

/** When what is known of any of them begins; null: nothing is. */
function firstReading(all: readonly Surveyed[]): Date | null {
  const first = all.flatMap(({ points }) => points[0]?.at ?? []);
  return first.length === 0 ? null : min(first);
}

/** ms between two readings; whole seconds. */
function stepOf({ from, to }: { from: Date; to: Date }): number {
  return Math.max(1, Math.ceil((to.getTime() - from.getTime()) / POINTS / 1000)) * 1000;
}

async function askAll(
  metrics: Pick<Metrics, "query" | "range">,
  panels: readonly Panel[],
  { from, to }: { from: Date; to: Date },
): Promise<Survey> {
  const stepMs = stepOf({ from, to });
  const all: Surveyed[] = [];
  for (let next = 0; next < panels.length; next += TOGETHER) {
    const some = panels.slice(next, next + TOGETHER);
    all.push(...(await Promise.all(some.map((panel) => ask(metrics, panel, { from, to, stepMs })))));
  }
  return { from: firstReading(all) ?? from, to, all };
}

/** Times that what Prometheus knows is looked for more closely. */
const CLOSER = 2;

/**
 * How all of them stand and how they went since `from`, or since readings begin: where Prometheus knows only the last
 * part, that is looked at again more closely.
 */
export async function survey(
  metrics: Pick<Metrics, "query" | "range">,
  panels: readonly Panel[],
  window: { from: Date; to: Date },
): Promise<Survey> {
  let asked = window;
  let found = await askAll(metrics, panels, asked);
  for (let looks = 0; looks < CLOSER; looks += 1) {
    const missing = found.from.getTime() - asked.from.getTime();
    if (missing <= (asked.to.getTime() - asked.from.getTime()) / 2) break;
    // Readings may begin anywhere in the step before the first that was found.
    asked = { from: max([asked.from, addMilliseconds(found.from, -stepOf(asked))]), to: asked.to };
    found = await askAll(metrics, panels, asked);
  }
  return found;
}

/** The picture of it; null: there is nothing to draw. */
export function chartOf(title: string, { from, to, all }: Survey): Chart | null {
  if (all.every(({ points }) => points.length === 0)) return null;
  return {
    title,
    from,
    to,
    marks: [],
    panels: all.map(({ panel: { title: name, unit, below, above }, points }) => ({
      title: name,
      unit,
      below,
      above,
      points,
    })),
  };
}
