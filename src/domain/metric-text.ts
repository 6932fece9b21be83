import type { Metric } from "./app.ts";

/** As people write numbers: three digits that count. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** `1.25 %`, `180 ms`, `120/s`: a reading in the unit of its metric. */
export const metricText: Readonly<Record<Metric["unit"], (value: number) => string>> = {
  ratio: (value) => `${round(value * 100)} %`,
  seconds: (value) => (value < 1 ? `${round(value * 1000)} ms` : `${round(value)} s`),
  perSecond: (value) => `${round(value)}/s`,
  count: (value) => String(round(value)),
};
