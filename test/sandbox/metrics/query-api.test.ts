import { expect, it } from "vitest";
import { startMetrics } from "./setup.ts";

interface Answer {
  status: string;
  errorType?: string;
  error?: string;
  data: {
    resultType: string;
    result: { metric: Record<string, string>; value: [number, string]; values: [number, string][] }[];
  };
}

async function startClient() {
  const started = await startMetrics();
  const get = async (path: string, params: Record<string, string> = {}) => {
    const response = await fetch(`${started.url}/prom${path}?${new URLSearchParams(params).toString()}`);
    return { code: response.status, answer: (await response.json()) as Answer };
  };
  const post = async (path: string, params: Record<string, string>) => {
    const response = await fetch(`${started.url}/prom${path}`, {
      method: "POST",
      body: new URLSearchParams(params),
    });
    return { code: response.status, answer: (await response.json()) as Answer };
  };
  return { ...started, get, post };
}

it("answers the same by GET and by POST, with values as strings", async () => {
  const { get, post } = await startClient();
  const query = { query: 'kube_deployment_spec_replicas{app="api"}' };

  const got = await get("/api/v1/query", query);
  const posted = await post("/api/v1/query", query);

  expect(got).toEqual(posted);
  expect(got.code).toBe(200);
  expect(got.answer.data.resultType).toBe("vector");
  expect(got.answer.data.result[0]!.metric).toMatchObject({
    __name__: "kube_deployment_spec_replicas",
    app: "api",
  });
  expect(got.answer.data.result[0]!.value).toEqual([expect.any(Number), "3"]);
});

it("tells no data from zero, and zero from zero divided by zero", async () => {
  const { get } = await startClient();
  const result = async (query: string) =>
    (await get("/api/v1/query", { query })).answer.data.result.map(({ value }) => value[1]);

  const down = 'sum(rate(http_requests_total{app="api",code="503"}[10s]))';
  expect(await result('sum(rate(http_requests_total{app="nobody"}[10s]))')).toEqual([]);
  expect(await result(down)).toEqual(["0"]);
  expect(await result(`${down} / ${down}`)).toEqual(["NaN"]);
});

it("refuses a query it cannot parse with 400 bad_data", async () => {
  const { get, post } = await startClient();

  for (const { code, answer } of [
    await get("/api/v1/query", { query: "sum(" }),
    await get("/api/v1/query", {}),
    await post("/api/v1/query", { query: "holt_winters(x[5m], 0.5, 0.5)" }),
    await get("/api/v1/query", { query: "1", time: "yesterday" }),
    await get("/api/v1/query_range", { query: "1", start: "1", end: "0", step: "1" }),
    await get("/api/v1/query_range", { query: "1", start: "0", end: "1", step: "0" }),
    await get("/api/v1/query_range", { query: "1", start: "0", end: "100000", step: "1" }),
    await get("/api/v1/query_range", { query: "1", start: "0", end: "1" }),
  ]) {
    expect([code, answer.status, answer.errorType]).toEqual([400, "error", "bad_data"]);
    expect(answer.error).toMatch(/^(invalid parameter|exceeded maximum resolution)/);
  }
});

it("answers a range with one line for each series, at each step", async () => {
  const { get, pass, now } = await startClient();
  await pass(30);
  const end = now() / 1_000;

  const { answer } = await get("/api/v1/query_range", {
    query: "sum by (app) (rate(http_requests_total[10s]))",
    start: String(end - 20),
    end: String(end),
    step: "5s",
  });

  expect(answer.data.resultType).toBe("matrix");
  const apps = answer.data.result.map(({ metric }) => metric["app"]);
  expect(new Set(apps)).toEqual(new Set(["api", "federated", "mlflow"]));
  for (const { values } of answer.data.result) {
    expect(values.map(([at]) => Math.round(at - end))).toEqual([-20, -15, -10, -5, 0]);
    for (const [, value] of values) expect(Number(value)).toBeGreaterThan(100);
  }
});

it("answers a query at a moment in the past", async () => {
  const { get, pass, now } = await startClient();
  await pass(10);
  const query = 'http_requests_total{app="api",code="200"}';
  const value = async (time: number) =>
    Number(
      (await get("/api/v1/query", { query, time: String(time / 1_000) })).answer.data.result[0]!.value[1],
    );

  expect(await value(now() - 5_000)).toBeLessThan(await value(now()));
});

it("lists labels and a label's values, and says that it is healthy", async () => {
  const { get, url } = await startClient();
  const list = async (path: string) => (await get(path)).answer.data as unknown as string[];

  expect(await list("/api/v1/labels")).toEqual(
    expect.arrayContaining(["__name__", "app", "code", "le", "namespace"]),
  );
  expect(await list("/api/v1/label/app/values")).toEqual(["api", "federated", "mlflow", "postgres", "redis"]);
  expect((await fetch(`${url}/prom/-/healthy`)).status).toBe(200);
  expect((await fetch(`${url}/prom/api/v1/nothing`)).status).toBe(404);
});

it("really counts: what is scraped only grows, and the histogram's last bucket is its count", async () => {
  const { url, pass } = await startClient();
  const scrape = async () => {
    const text = await (await fetch(`${url}/prom/metrics`)).text();
    const value = (series: string) =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(series))
          ?.split(" ")
          .at(-1),
      );
    const labels = 'app="api",namespace="credit-risk-ai"';
    return {
      text,
      ok: value(`http_requests_total{${labels},code="200"}`),
      count: value(`http_request_duration_seconds_count{${labels}}`),
      inf: value(`http_request_duration_seconds_bucket{${labels},le="+Inf"}`),
    };
  };

  const before = await scrape();
  await pass(5);
  const after = await scrape();

  expect(after.ok - before.ok).toBeGreaterThan(500);
  expect(after.count).toBe(after.inf);
  expect(after.text).toContain("# TYPE http_requests_total counter");
  expect(after.text).toContain("# TYPE http_request_duration_seconds histogram");
});
