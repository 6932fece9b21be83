import type { Metric } from "./app.ts";

/** As people write numbers: three digits that count. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

const steps = [
  [1e9, "GB/s"],
  [1e6, "MB/s"],
  [1e3, "kB/s"],
] as const;

function bytesPerSecond(value: number): string {
  const [size, name] = steps.find(([least]) => Math.abs(value) >= least) ?? [1, "B/s"];
  return `${round(value / size)} ${name}`;
}

/** `1.25 %`, `180 ms`, `120/s`: a reading in the unit of its metric. */
export const metricText: Readonly<Record<Metric["unit"], (value: number) => string>> = {
  ratio: (value) => `${round(value * 100)} %`,
  seconds: (value) => (value < 1 ? `${round(value * 1000)} ms` : `${round(value)} s`),
  perSecond: (value) => `${round(value)}/s`,
  count: (value) => String(round(value)),
  bytesPerSecond,
  watts: (value) => (Math.abs(value) < 1000 ? `${round(value)} W` : `${round(value / 1000)} kW`),
  kilogramsPerHour: (value) => `${round(value)} kg/h`,
};
