import type { Metric } from "./app.ts";

export interface Point {
  at: Date;
  value: number;
}

/** One metric over time, with the bounds within which its app is well. */
export interface ChartPanel {
  title: string;
  unit: Metric["unit"];
  below: number | null;
  above: number | null;
  /** Oldest first; empty: nothing is known. */
  points: readonly Point[];
  /** How it would go on. */
  forecast?: readonly Point[];
}

/** A moment that matters, drawn through every panel. */
export interface ChartMark {
  label: string;
  at: Date;
}

/** Panels over one axis of time (UTC), as data: who draws them knows nothing of incidents. */
export interface Chart {
  title: string;
  from: Date;
  to: Date;
  panels: readonly ChartPanel[];
  marks: readonly ChartMark[];
}
