import type { Metric } from "./app.ts";

/** What Prometheus said of an app over a stretch of time, as it is kept. Times are ISO 8601, UTC. */
export interface ReadingsKept {
  from: string;
  to: string;
  stepMs: number;
  panels: {
    title: string;
    unit: Metric["unit"];
    below: number | null;
    above: number | null;
    /** ms since 1970, and the value; oldest first. */
    points: (readonly [number, number])[];
  }[];
}
