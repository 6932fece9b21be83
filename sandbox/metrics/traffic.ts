import type { AppHealth } from "./app-health.ts";

/** What users of an app experience while its pods are in a given health. */
export interface Experience {
  requestsPerSecond: number;
  /** 0 to 1. */
  errorRate: number;
  p95Seconds: number;
  cpuCores: number;
  memoryBytes: number;
  /** Share of the scheduler's periods in which the containers wanted more CPU than their limit, 0 to 1. */
  throttled: number;
}

/** Upper bounds of the latency histogram in seconds; close where our two targets are. */
export const latencyBounds = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25,
  1.5, 2.5, 5,
];

const normal = { requestsPerSecond: 120, errorRate: 0.002, p95Seconds: 0.12 };
const bad = { errorRate: 0.12, p95Seconds: 0.9 };

/** A wave between -1 and 1 that two runs draw alike: figures move as real ones do, and tests can rely on them. */
export function noise(tick: number, phase: number): number {
  return (Math.sin(tick * 0.7 + phase) + Math.sin(tick * 0.31 + 2 * phase)) / 2;
}

/** Nobody calls an app that is scaled to zero; one that should run and does not is answered 503 by its gateway. */
export function experience(health: AppHealth, tick: number, phase: number): Experience {
  const wobble = 1 + 0.04 * noise(tick, phase);
  const up = health.ready > 0;
  const called = health.desired > 0;
  const p95 = normal.p95Seconds * (1 - health.slow) + bad.p95Seconds * health.slow;
  const errorRate = normal.errorRate * (1 - health.errors) + bad.errorRate * health.errors;
  return {
    requestsPerSecond: called ? normal.requestsPerSecond * wobble : 0,
    errorRate: up ? errorRate * wobble : 1,
    p95Seconds: up ? p95 * wobble : 0.005,
    cpuCores: health.ready * (0.35 + 0.5 * health.slow) * wobble,
    memoryBytes: health.ready * (900 + 3000 * health.leaking) * 1024 ** 2 * wobble,
    throttled: (0.01 + 0.45 * health.slow) * wobble,
  };
}

/** Share of requests answered within `bound` seconds: an exponential curve whose 95th percentile is `p95`. */
export function shareWithin(bound: number, p95: number): number {
  return 1 - 0.05 ** (bound / p95);
}
