import { describe, expect, test } from "vitest";
import { httpCheck } from "../../src/actions/http-check.ts";
import { metricsCheck } from "../../src/actions/metrics-check.ts";
import type { Action, ActionContext, Observation } from "../../src/engine/playbooks/action.ts";
import type { Json, Reading } from "../../src/engine/ports.ts";

const began = new Date("2026-11-22T10:00:00Z");

type Parts = Partial<Omit<ActionContext, "app" | "environment">> & {
  app?: Partial<ActionContext["app"]>;
  environment?: Partial<ActionContext["environment"]>;
};

function contextFor({ app, environment, ...parts }: Parts): ActionContext {
  return {
    target: { cluster: "c", namespace: "n", kind: "deployment", name: "api" },
    before: [],
    waits: { settleMs: 30_000, windowMs: 120_000 },
    app: { name: "api", metrics: {}, ...app },
    environment: { name: "prod", health: [], ...environment },
    ...parts,
  } as ActionContext;
}

/** What the check says so many seconds after it began. */
async function after(
  seconds: number,
  action: Action,
  parts: Parts,
  params: Record<string, Json> = {},
): Promise<Observation> {
  const context = contextFor({ ...parts, now: () => new Date(began.getTime() + seconds * 1000) });
  const { state } = await action.plan(action.params.parse(params), context);
  return action.observe(state, context, began);
}

describe("the health check", () => {
  /** Answers by turns, the last one for ever. */
  function answering(...statuses: (number | null)[]) {
    const asked: string[] = [];
    return {
      asked,
      http: {
        async get(url: string) {
          const status = statuses[Math.min(asked.push(url), statuses.length) - 1]!;
          const ok = status !== null && status >= 200 && status < 300;
          return { ok, status, detail: status === null ? "connection refused" : `${status}` };
        },
        json: async () => ({ ok: false as const, detail: "no JSON here" }),
      },
    };
  }
  const environment = { health: ["https://api.example.com/health"] };

  test("is done after three good answers in a row", async () => {
    const { http, asked } = answering(200, 204, 200);
    expect(await after(0, httpCheck, { http, environment })).toEqual({
      state: "done",
      evidence: [
        {
          what: "GET https://api.example.com/health: 200, 3 times in a row",
          ok: true,
          url: environment.health[0],
        },
      ],
    });
    expect(asked).toHaveLength(3);
  });

  test.each([301, 302, 401, 404, 500, 503])("%i is no health", async (status) => {
    const { http } = answering(status);
    expect(await after(31, httpCheck, { http, environment })).toMatchObject({
      state: "failed",
      detail: `GET https://api.example.com/health: ${status}`,
      evidence: [{ ok: false }],
    });
  });

  test("goes on asking within its window, and fails only after it", async () => {
    const flaky = answering(200, 503);
    expect(await after(29, httpCheck, { http: flaky.http, environment })).toMatchObject({ state: "pending" });
    expect(await after(30, httpCheck, { http: flaky.http, environment })).toMatchObject({ state: "failed" });
  });

  test("no answer at all is said as the network says it", async () => {
    const { http } = answering(null);
    expect(await after(60, httpCheck, { http, environment })).toMatchObject({
      state: "failed",
      detail: "GET https://api.example.com/health: connection refused",
    });
  });

  test("every URL has to answer", async () => {
    const http = {
      get: async (url: string) =>
        url.endsWith("ready")
          ? { ok: false, status: 503, detail: "503" }
          : { ok: true, status: 200, detail: "200" },
      json: async () => ({ ok: false as const, detail: "no JSON here" }),
    };
    const two = { health: ["https://api.example.com/health", "https://api.example.com/ready"] };
    expect(await after(60, httpCheck, { http, environment: two })).toMatchObject({
      state: "failed",
      evidence: [{ ok: true }, { ok: false }],
    });
  });

  test("without a URL nothing is known, and nothing is claimed", async () => {
    expect(await after(60, httpCheck, { http: answering(200).http })).toMatchObject({
      state: "unknown",
      detail: expect.stringMatching("apps.api.environments.prod.health"),
    });
  });
});

describe("the metrics check", () => {
  const app = {
    metrics: {
      errorRate: { title: "Error rate", query: "errors", unit: "ratio" as const, below: 0.01 },
      latency: { title: "Latency P95", query: "latency", unit: "seconds" as const, below: 0.2 },
    },
    requests: "requests",
  };
  function reading(values: Record<string, number | string>) {
    return {
      async query(_: string, promql: string): Promise<Reading> {
        const value = values[promql];
        return typeof value === "number" ? { known: true, value } : { known: false, why: value ?? "no data" };
      },
      series: async () => ({ known: false as const, why: "no data" }),
      range: async () => [],
    };
  }
  const well = { errors: 0.004, latency: 0.12, requests: 900 };

  test("lets it settle, then watches for the window, then is done with the values as evidence", async () => {
    const metrics = reading(well);
    expect(await after(29, metricsCheck, { app, metrics })).toEqual({
      state: "pending",
      detail: "Letting it settle",
    });
    expect(await after(100, metricsCheck, { app, metrics })).toMatchObject({
      state: "pending",
      detail: expect.stringMatching(/Error rate 0\.4 %.*50s to go/),
    });
    expect(await after(150, metricsCheck, { app, metrics })).toEqual({
      state: "done",
      evidence: [
        { what: "Error rate 0.4 % (target below 1 %)", ok: true },
        { what: "Latency P95 120 ms (target below 200 ms)", ok: true },
      ],
    });
  });

  test("over its target it is not cured", async () => {
    const metrics = reading({ ...well, errors: 0.07 });
    expect(await after(150, metricsCheck, { app, metrics })).toMatchObject({
      state: "failed",
      detail: "Error rate 7 % (target below 1 %)",
      evidence: [{ ok: false }, { ok: true }],
    });
  });

  test.each([
    ["absent", { latency: 0.1, requests: 900 }, "Error rate: no data"],
    ["not a number", { ...well, errors: Number.NaN }, "Error rate: not a number"],
    [
      "unreachable",
      { ...well, latency: "Prometheus did not answer" },
      "Latency P95: Prometheus did not answer",
    ],
    [
      "judged on 49 requests",
      { ...well, requests: 49 },
      "Only 49 requests came in; it takes 50 to judge a rate",
    ],
    [
      "judged on requests nobody counted",
      { errors: 0.5, latency: 0.1 },
      "The number of requests is not known: no data",
    ],
  ])(
    "case 34: metrics that are %s are unknown, neither cured nor not, after a grace for late ones",
    async (_, values, detail) => {
      const metrics = reading(values);
      expect(await after(164, metricsCheck, { app, metrics })).toEqual({ state: "pending", detail });
      expect(await after(165, metricsCheck, { app, metrics })).toEqual({ state: "unknown", detail });
    },
  );

  test("an app without metrics that have a target is unknown", async () => {
    expect(await after(200, metricsCheck, { metrics: reading({}) })).toMatchObject({ state: "unknown" });
  });

  test("a quiet night does not make a release bad: a lower bound decides only where that is said", async () => {
    const quiet = { title: "Request rate", query: "rate", unit: "perSecond" as const, above: 100 };
    const unsaid = { ...app, metrics: { ...app.metrics, rate: quiet } };
    const metrics = reading({ ...well, rate: 80 });
    expect(await after(200, metricsCheck, { app: unsaid, metrics })).toMatchObject({ state: "done" });

    const rate = { rate: { ...quiet, verifies: true } };
    expect(
      await after(200, metricsCheck, { app: { metrics: rate }, metrics: reading({ rate: 80 }) }),
    ).toMatchObject({
      state: "failed",
      detail: "Request rate 80/s (target above 100/s)",
    });
  });
});
