import type { PracticeApp } from "../apps/practice-apps.ts";
import { sendText, urlOf } from "../http.ts";
import type { Part } from "../part.ts";
import { type AppHealth, readHealth } from "./app-health.ts";
import { exposition } from "./exposition.ts";
import type { KubeReader } from "./kube-reader.ts";
import { type Element, evaluate } from "./promql/evaluate.ts";
import { parse } from "./promql/parse.ts";
import { serveQueries } from "./query-api.ts";
import { createRecorder } from "./recorder.ts";
import { createSeriesStore } from "./series.ts";

export interface MetricsOptions {
  /** The cluster whose health the figures follow: the practice cluster or a real one. */
  read: KubeReader;
  apps: readonly PracticeApp[];
  /** Of the model that is served. */
  modelAccuracy?: () => number;
  clock?: () => number;
  /** Milliseconds between two readings, 1,000 unless told; null: only `tick()` reads. */
  interval?: number | null;
}

const keepMs = 30 * 60_000;
/** Readings made up at the start. */
const backfilled = 120;

export type Metrics = ReturnType<typeof createMetrics>;

/** A Prometheus whose figures are computed from the health of a cluster's pods, mounted under `/prom`. */
export function createMetrics(options: MetricsOptions) {
  const clock = options.clock ?? Date.now;
  const step = options.interval ?? 1_000;
  const store = createSeriesStore(keepMs);
  const recorder = createRecorder(store, options.apps, options.modelAccuracy);
  const listeners = new Set<() => void>();
  let health: ReadonlyMap<string, AppHealth> = new Map();
  let lastAt: number | null = null;
  let unreachable: string | null = null;
  let ticking: Promise<void> | null = null;

  async function read(): Promise<void> {
    try {
      health = await readHealth(options.read, options.apps);
      unreachable = null;
    } catch (error) {
      // The apps go on while the API server is down: the last known health counts.
      unreachable = (error as Error).message;
    }
    const at = clock();
    // Nothing is known before the cluster was read once.
    if (health.size > 0) {
      lastAt ??= backfill(at);
      if (at > lastAt) recorder.record(health, (at - lastAt) / 1_000, at);
      lastAt = at;
    }
    for (const listener of listeners) listener();
  }

  /**
   * The apps ran before the sandbox looked: without a past, every rate would start near zero.
   * @returns the time of the last reading made up.
   */
  function backfill(at: number): number {
    for (let left = backfilled; left > 0; left--) {
      recorder.record(health, left === backfilled ? 0 : step / 1_000, at - left * step);
    }
    return at - step;
  }

  /** Readings never overlap: a slow API server makes them rarer. */
  function tick(): Promise<void> {
    ticking ??= read().finally(() => {
      ticking = null;
    });
    return ticking;
  }

  const timer = options.interval === null ? null : setInterval(() => void tick(), step).unref();

  const part: Part = {
    async handle(req, res) {
      const { pathname } = urlOf(req);
      if (pathname === "/metrics") {
        res
          .writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" })
          .end(exposition(store));
      } else if (pathname === "/-/healthy" || pathname === "/-/ready") {
        sendText(res, 200, `Prometheus Server is ${pathname === "/-/healthy" ? "Healthy" : "Ready"}.`);
      } else {
        await serveQueries(store, clock, req, res);
      }
    },
    async close() {
      if (timer) clearInterval(timer);
      await ticking;
    },
  };

  return {
    ...part,
    /** Reads the cluster and records once, besides the timer. */
    tick,
    onTick(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: (app: string): AppHealth | undefined => health.get(app),
    /** Why the cluster could not be read the last time; null: it could. */
    unreachable: () => unreachable,
    /** @throws {BadQuery} */
    query(promql: string): Element[] {
      const value = evaluate(parse(promql), store, clock());
      return value.type === "vector" ? value.elements : [{ labels: {}, value: value.value }];
    },
  };
}
