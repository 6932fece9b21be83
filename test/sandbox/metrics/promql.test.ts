import { describe, expect, it } from "vitest";
import { evaluate } from "../../../sandbox/metrics/promql/evaluate.ts";
import { parse } from "../../../sandbox/metrics/promql/parse.ts";
import { BadQuery } from "../../../sandbox/metrics/promql/syntax.ts";
import { createSeriesStore } from "../../../sandbox/metrics/series.ts";

const end = 1_700_000_000_000;

/** Two apps with counters that grow by 2 and by 6 a second for a minute, one of which started anew half-way. */
function store() {
  const created = createSeriesStore(3_600_000);
  for (let second = 0; second <= 60; second++) {
    const at = end - (60 - second) * 1_000;
    created.append("requests", { app: "a", code: "200" }, { at, value: 100 + 2 * second });
    created.append(
      "requests",
      { app: "b", code: "200" },
      { at, value: 100 + 6 * (second < 30 ? second : second - 30) },
    );
    created.append("requests", { app: "a", code: "500" }, { at, value: 0 });
    created.append("idle", { app: "a" }, { at, value: 0 });
    for (const [le, share] of [
      ["0.1", 0.5],
      ["0.2", 0.9],
      ["0.4", 1],
      ["+Inf", 1],
    ] as const) {
      created.append("latency_bucket", { app: "a", le }, { at, value: 100 * second * share });
    }
  }
  created.append("replicas", { app: "a" }, { at: end, value: 3 });
  created.append("replicas", { app: "b" }, { at: end, value: 0 });
  created.append("stale", {}, { at: end - 5 * 60_000, value: 1 });
  return created;
}

function ask(query: string): unknown {
  const value = evaluate(parse(query), store(), end);
  if (value.type === "scalar") return value.value;
  return Object.fromEntries(
    value.elements.map(({ labels, value: number }) => [
      Object.values(labels).join(" "),
      Number(number.toFixed(6)),
    ]),
  );
}

describe("evaluates what our configuration asks", () => {
  it.each([
    ['requests{app="a",code="200"}', { "requests a 200": 220 }],
    ['rate(requests{app="a",code="200"}[10s])', { "a 200": 2 }],
    ['increase(requests{app="a",code="200"}[10s])', { "a 200": 20 }],
    ["sum(rate(requests[10s]))", { "": 8 }],
    ["sum by (app) (rate(requests[10s]))", { a: 2, b: 6 }],
    ["sum(rate(requests[10s])) by (app)", { a: 2, b: 6 }],
    ["sum without (code) (rate(requests[10s]))", { a: 2, b: 6 }],
    ["max(rate(requests[10s]))", { "": 6 }],
    ["min(rate(requests[10s]))", { "": 0 }],
    ["avg by (code) (rate(requests[10s]))", { "200": 4, "500": 0 }],
    ["count(requests)", { "": 3 }],
    ['sum(rate(requests{code=~"5.."}[10s])) / sum(rate(requests[10s]))', { "": 0 }],
    ['sum by (app) (rate(requests{code!~"5.."}[10s])) / sum by (app) (rate(requests[10s]))', { a: 1, b: 1 }],
    ["histogram_quantile(0.95, sum by (le) (rate(latency_bucket[10s])))", { "": 0.3 }],
    ["histogram_quantile(0.5, sum by (le) (rate(latency_bucket[10s])))", { "": 0.1 }],
    ["replicas == 0", { "replicas b": 0 }],
    ["replicas > 5", {}],
    ["replicas > bool 1", { a: 1, b: 0 }],
    ["-replicas * 2 + 1", { a: -5, b: 1 }],
    ["1 + 2 * 3 - 4 / 2", 5],
    ["(1 + 2) * 3", 9],
    ["5 > replicas", { "replicas a": 3, "replicas b": 0 }],
    ["2 > bool 1", 1],
    ['{__name__="replicas",app="a"}', { "replicas a": 3 }],
    ["nothing", {}],
    ["sum(rate(nothing[10s]))", {}],
    ["stale", {}],
    ["rate(replicas[10s])", {}],
    ["sum(rate(idle[10s])) / sum(rate(idle[10s]))", { "": NaN }],
  ])("%s", (query, expected) => {
    expect(ask(query)).toEqual(expected);
  });

  it("counts on through a counter that starts anew", () => {
    const { "b 200": increase } = ask('increase(requests{app="b"}[1m])') as Record<string, number>;

    // 29 s and 30 s at 6/s, and the 100 at which the new one starts.
    expect(increase).toBeGreaterThan(6 * 59);
    expect(increase).toBeLessThan(6 * 60 + 110);
  });
});

it.each([
  ["", "no expression found in input"],
  ["sum(", "unexpected end of input"],
  ["requests{app=}", 'unexpected punctuation "}" in label matching, expected string'],
  ['requests{app="a"', "unexpected end of input"],
  ["requests[10]", "expected duration"],
  ["requests requests", 'unexpected identifier "requests"'],
  ["{}", "vector selector must contain at least one non-empty matcher"],
  ["predict_linear(requests[1h], 3600)", 'unknown function with name "predict_linear"'],
  ["rate(requests)", 'expected type range vector in call to function "rate", got instant vector'],
  ["rate(requests[10s], 2)", 'expected 1 argument(s) in call to "rate", got 2'],
  ["requests[10s] + 1", "range vector"],
  ["sum(1)", "expected type instant vector in aggregation, got scalar"],
  ["1 > 2", "comparisons between scalars must use BOOL modifier"],
  ["1 + bool 2", "bool modifier can only be used on comparison operators"],
  ['requests{app=~"("}', "error parsing regexp"],
  ["requests # comment only\n + ", "unexpected end of input"],
  ["requests;", "unexpected character: ';'"],
])("refuses %s, as Prometheus does: %s", (query, complaint) => {
  expect(() => ask(query)).toThrow(BadQuery);
  expect(() => ask(query)).toThrow(complaint);
});
