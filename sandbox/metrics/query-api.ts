import type { IncomingMessage, ServerResponse } from "node:http";
import { readBody, sendJson, sendText, urlOf } from "../http.ts";
import { evaluate, type Value } from "./promql/evaluate.ts";
import { parse } from "./promql/parse.ts";
import { BadQuery, duration } from "./promql/syntax.ts";
import { type Labels, labelsKey, type SeriesStore } from "./series.ts";

const maxPoints = 11_000;

/** Prometheus' HTTP API as far as queries go, by GET and by form POST. */
export async function serveQueries(
  store: SeriesStore,
  clock: () => number,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const url = urlOf(req);
  if (req.method !== "GET" && req.method !== "POST") {
    sendText(res, 405, "Method Not Allowed");
    return;
  }
  const params = req.method === "POST" ? new URLSearchParams(await readBody(req)) : url.searchParams;
  try {
    const data = answer(url.pathname, params);
    if (data === undefined) sendText(res, 404, "404 page not found");
    else sendJson(res, 200, { status: "success", data });
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    sendJson(res, 400, { status: "error", errorType: "bad_data", error: error.message });
  }

  function answer(path: string, given: URLSearchParams): unknown {
    const valuesOf = /^\/api\/v1\/label\/([^/]+)\/values$/.exec(path)?.[1];
    if (valuesOf !== undefined)
      return distinct([...store.all()].flatMap(({ labels }) => labels[valuesOf] ?? []));
    switch (path) {
      case "/api/v1/query":
        return instantQuery(given);
      case "/api/v1/query_range":
        return rangeQuery(given);
      case "/api/v1/labels":
        return distinct([...store.all()].flatMap(({ labels }) => Object.keys(labels)));
      default:
        return undefined;
    }
  }

  function instantQuery(given: URLSearchParams) {
    const expression = parseQuery(given);
    const at = moment(given.get("time"), "time") ?? clock();
    if (expression.type === "selector" && expression.rangeMs !== null) {
      const { name, matchers, rangeMs } = expression;
      const result = store.select(name, matchers).flatMap(({ labels, samples }) => {
        const inside = samples.filter((sample) => sample.at > at - rangeMs && sample.at <= at);
        return inside.length === 0
          ? []
          : [{ metric: labels, values: inside.map((sample) => point(sample.at, sample.value)) }];
      });
      return { resultType: "matrix", result };
    }
    const value = evaluated(() => evaluate(expression, store, at));
    if (value.type === "scalar") return { resultType: "scalar", result: point(at, value.value) };
    return {
      resultType: "vector",
      result: value.elements.map((element) => ({ metric: element.labels, value: point(at, element.value) })),
    };
  }

  function rangeQuery(given: URLSearchParams) {
    const expression = parseQuery(given);
    const start = required(moment(given.get("start"), "start"), "start");
    const end = required(moment(given.get("end"), "end"), "end");
    const step = required(stepOf(given.get("step")), "step");
    if (end < start)
      throw new BadQuery('invalid parameter "end": end timestamp must not be before start time');
    if (step <= 0)
      throw new BadQuery(
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    if ((end - start) / step > maxPoints)
      throw new BadQuery(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      );
    const lines = new Map<string, { metric: Labels; values: [number, string][] }>();
    for (let at = start; at <= end; at += step) {
      const value = evaluated(() => evaluate(expression, store, at));
      for (const { labels, value: number } of elementsOf(value)) {
        const key = labelsKey(labels);
        const line = lines.get(key) ?? { metric: labels, values: [] };
        line.values.push(point(at, number));
        lines.set(key, line);
      }
    }
    return { resultType: "matrix", result: [...lines.values()] };
  }
}

function parseQuery(given: URLSearchParams) {
  const query = given.get("query") ?? "";
  return evaluated(() => parse(query));
}

/** Prometheus names the parameter in front of what is wrong with it. */
function evaluated<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadQuery) throw new BadQuery(`invalid parameter "query": ${error.message}`);
    throw error;
  }
}

function elementsOf(value: Value) {
  return value.type === "vector" ? value.elements : [{ labels: {} as Labels, value: value.value }];
}

function required(value: number | null, name: string): number {
  if (value === null) throw new BadQuery(`invalid parameter "${name}": cannot parse "" to a valid timestamp`);
  return value;
}

/** Seconds since 1970 with a fraction, or RFC 3339. */
function moment(text: string | null, name: string): number | null {
  if (text === null || text === "") return null;
  const at =
    /^[\d.e+-]+$/i.test(text) && !Number.isNaN(Number(text)) ? Number(text) * 1_000 : Date.parse(text);
  if (Number.isNaN(at))
    throw new BadQuery(`invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`);
  return Math.round(at);
}

function stepOf(text: string | null): number | null {
  if (text === null || text === "") return null;
  const seconds = Number(text);
  const step = Number.isNaN(seconds) ? duration(text) : seconds * 1_000;
  if (step === null)
    throw new BadQuery(`invalid parameter "step": cannot parse "${text}" to a valid duration`);
  return step;
}

function point(at: number, value: number): [number, string] {
  if (value === Infinity) return [at / 1_000, "+Inf"];
  if (value === -Infinity) return [at / 1_000, "-Inf"];
  return [at / 1_000, String(value)];
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
